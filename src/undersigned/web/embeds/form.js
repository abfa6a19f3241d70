// <undersigned-form>: where somebody begins to endorse, as a person or for an organisation.
import { Embed, HOME, ask, bare, define, fill, main, make, once } from "./base.js";
import { address, field, group, point, select, text } from "./fields.js";
import LATER from "./proof.js" with { type: "pinned" };

const PATIENCE_MS = 60_000;

/** Where a signer came from, kept coarse: a campaign's labels, and a host. */
function source() {
  const found = {};
  const query = new URLSearchParams(location.search);
  for (const name of ["utm_source", "utm_medium", "utm_campaign"]) {
    const label = [...(query.get(name) ?? "").replace(/[\0-\x1f\x7f]/g, "")].slice(0, 100).join("");
    if (label) found[name] = label;
  }
  const host = document.referrer && new URL(document.referrer).hostname;
  if (/^[a-z0-9.-]{1,100}$/.test(host) && host !== location.hostname) found.referring_host = host;
  return found;
}

/** What is needed seldom: the module that this script was made with, or none. Whoever pinned the one pinned the other. */
async function later() {
  await new Promise((onload, onerror) => {
    setTimeout(onerror, PATIENCE_MS, {});
    document.head.append(make("link", { ...LATER, rel: "modulepreload", crossorigin: "", onload, onerror }));
  });
  return import(LATER.href);
}

class Form extends Embed {
  async draw(signal) {
    const statement = await once(`${this.path}?lang=${this.words.language}`);
    // The same text in the same language: it was only moved, and what was typed stands there.
    if (statement === this.statement) return;
    const before = this.form;
    const countries = before && (await this.countries());
    if (signal.aborted) return;
    this.statement = statement;
    if (statement.state === "open" && statement.admitted) {
      this.form = this.sheet();
      if (before) this.keep(before, countries);
      this.choose();
      if (this.done) this.thank();
      else this.show(this.form);
    } else {
      const says = statement.state === "open" ? this.page("", this.words.elsewhere) : this.words[`statement_${statement.state}`];
      this.show(make("p", { class: "notice", part: "notice" }, says));
    }
    this.tell("ready");
  }

  sheet() {
    const { words, statement } = this;
    const told = statement.translation ?? statement;
    const its = { lang: told.locale, dir: "auto" };
    const language = words.languages[statement.locale] ?? statement.locale;
    const only = statement.translation ? words.translated : words.only_original;
    const optionally = words.optional;
    this.email = address("email", "email");
    this.email.addEventListener("change", () => this.offer());
    this.offered = make("p", { class: "offer", role: "status" });
    this.trouble = make("p", { class: "error", role: "alert" });
    this.button = make("button", { class: "send", part: "button" }, words.send);
    this.trap = make("div", { class: "trap", "aria-hidden": "true" }, make("input", { name: "subject", tabindex: "-1", autocomplete: "off" }));
    const form = make(
      "form",
      { novalidate: true, part: "form", onchange: () => this.choose(), onsubmit: (event) => this.submit(event) },
      make("h2", { part: "heading" }, make("bdi", { lang: told.locale }, told.title)),
      make("p", { class: "read" }, this.page("", words.read)),
      group("kind", "radio", words.who, [["individual", words.individual], ["organisation", words.organisation]]),
      make(
        "div",
        { class: "for-organisation" },
        field("organisation/name", words.organisation_name, text("organization")),
        field("organisation/country", words.organisation_country, select("section-organisation country", "–")),
        field("organisation/website", words.website, address("url", "url"), { optionally }),
      ),
      field("name", words.name, text("name"), { hint: words.name_hint }),
      make("div", { class: "for-organisation" }, field("role", words.role, text("organization-title"))),
      field("email", words.email, this.email, { hint: words.email_hint }),
      this.offered,
      make(
        "div",
        { class: "for-individual" },
        field("country", words.country, select("country", words.rather_not), { hint: words.country_hint, optionally }),
      ),
      statement.objectives.length &&
        group(
          "objectives",
          "checkbox",
          words.objectives,
          told.objectives.map((each) => [each.key, make("span", its, `${each.key}) ${each.text}`)]),
          { hint: main(statement.locale) !== main(words.language) && fill(only, { language }) },
        ),
      make(
        "div",
        { class: "for-organisation" },
        statement.contributions.length &&
          group("organisation/contributions", "checkbox", words.contributions, statement.contributions.map((each) => [each, words[each]]), { optionally }),
      ),
      this.trap,
      make("p", { class: "hint" }, words.next),
      make("p", { class: "hint" }, fill(words.privacy, { controller: statement.controller.name }), " ", this.page("/privacy", words.privacy_link)),
      this.trouble,
      this.button,
      words.note && make("p", { class: "hint" }, words.note),
    );
    form.elements.kind[0].checked = true;
    // With the first field that is touched: the list is there before a phone opens it, or a browser wants to fill it in.
    form.addEventListener("focusin", async () => this.list(await this.countries()));
    return form;
  }

  /** Takes over what was typed into the form as it was before. */
  keep(before, countries) {
    this.list(countries);
    for (const { name, type, value, checked } of before.elements)
      for (const each of this.form.elements)
        if (each.name === name && (each.value === value || !/radio|box/.test(type))) Object.assign(each, { value, checked });
  }

  /** A link to a page of this statement, beside what was typed. */
  page(path, says) {
    return make("a", { href: `${HOME}s/${this.statement.slug}${path}?lang=${this.words.language}`, target: "_blank" }, says);
  }

  choose() {
    const organised = this.form.elements.kind.value === "organisation";
    for (const each of this.form.querySelectorAll(".for-organisation")) each.hidden = !organised;
    this.form.querySelector(".for-individual").hidden = organised;
  }

  countries() {
    return once(`embed/v1/countries/${this.words.language}.json`).catch(() => []);
  }

  list(countries) {
    for (const list of this.form.querySelectorAll("select"))
      if (list.length === 1) list.append(...countries.map(([value, name]) => make("option", { value }, name)));
  }

  async offer() {
    const { meant } = await later().catch(() => ({ meant() {} }));
    const better = meant(this.email.value);
    const take = () => {
      this.email.value = better;
      this.offered.replaceChildren();
      this.email.focus();
    };
    const says = better && fill(this.words.meant, { address: make("bdi", { dir: "ltr" }, better) });
    this.offered.replaceChildren(...(better ? [make("button", { type: "button", onclick: take }, says)] : []));
  }

  body() {
    const given = new FormData(this.form);
    const partner = this.getAttribute("partner") ?? "";
    const { statement } = this;
    const body = {
      kind: given.get("kind"),
      name: given.get("name"),
      email: given.get("email"),
      locale: this.words.language,
      objectives: bare(given.getAll("objectives")),
      source: source(),
      subject: given.get("subject") ?? "",
    };
    // Whatever a page says of itself, it never costs a signature.
    if (/^[a-z0-9-]{1,64}$/.test(partner)) body.partner = partner;
    if ("translation" in statement) body.text_sha256 = (statement.translation ?? statement).sha256;
    if (body.kind === "individual") return { ...body, country: given.get("country") || null };
    return {
      ...body,
      role: given.get("role"),
      organisation: {
        name: given.get("organisation/name"),
        country: given.get("organisation/country"),
        website: given.get("organisation/website") || null,
        contributions: bare(given.getAll("organisation/contributions")),
      },
    };
  }

  async submit(event) {
    event.preventDefault();
    if (this.sending) return;
    const body = this.body();
    this.busy(true);
    this.trouble.textContent = "";
    point(this.form, []);
    const send = (proof) =>
      ask(`${this.path}/endorsements`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...body, proof }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
    try {
      await send().catch(async (error) => {
        if (!error.challenge) throw error;
        await send(await (await later()).prove(error.challenge));
      });
      this.done = body;
      this.thank();
      this.shadowRoot.querySelector("h2").focus();
      this.tell("submitted", { kind: body.kind });
    } catch (error) {
      const { words } = this;
      // A program that fills in what people don't see may have been a person's own: this is what they come back to.
      if (error.errors) this.trap.remove();
      const placed = error.errors?.length && point(this.form, error.errors, (code) => words[`error_${code}`] ?? words.error);
      if (!placed) this.trouble.textContent = words[error.code] ?? words.failed;
      this.fail(error);
    }
    this.busy(false);
  }

  busy(sending) {
    this.sending = sending;
    this.button.setAttribute("aria-disabled", sending);
    this.button.textContent = sending ? this.words.sending : this.words.send;
  }

  /** Where to look now, and what to do if nothing comes. What was typed stays, for who has to correct it. */
  thank() {
    const { words } = this;
    const { email } = this.done;
    const again = () => {
      this.done = null;
      this.show(this.form);
      this.email.focus();
    };
    this.show(
      make(
        "div",
        { class: "sent", part: "sent" },
        make("h2", { tabindex: "-1", part: "heading" }, words.sent),
        make("p", null, fill(words.sent_to, { address: make("b", null, make("bdi", { dir: "ltr" }, email)) })),
        make("h3", null, words.nothing),
        make("ul", null, [words.nothing_spam, words.nothing_wrong].map((each) => make("li", null, each))),
        make("button", { type: "button", class: "more", onclick: again }, words.again),
      ),
    );
  }
}

// What is typed here is for nobody else: a page whose player takes space and f would swallow them. Escape and Tab are for a
// dialogue around.
for (const type of ["keydown", "keypress", "keyup"])
  addEventListener(
    type,
    (event) => {
      if (!/Tab|Esc/.test(event.key) && event.composedPath().some((each) => each instanceof Form)) event.stopImmediatePropagation();
    },
    true,
  );

define("undersigned-form", Form);
