// <undersigned-organisations>: which organisations endorse, in the order of the log.
import { Embed, SHEETS, ask, define, make } from "./base.js";
import NAMES from "./names.css" with { type: "css" };

class Organisations extends Embed {
  static sheets = [...SHEETS, NAMES];

  async draw(signal) {
    const list = make("ul", { class: "names", part: "list", tabindex: "-1", translate: "no" });
    const more = make("button", { type: "button", class: "more", part: "more" }, this.words.more);
    let after = -1;

    const next = async () => {
      const { organisations, next } = await ask(`${this.path}/organisations?after=${after}`, { signal });
      const items = organisations.map((each) => make("li", { part: "organisation" }, named(each)));
      list.append(...items);
      more.hidden = next === null;
      after = next;
      return items;
    };
    more.addEventListener("click", () =>
      next().then(
        ([first]) => (first?.querySelector("a") ?? list).focus(),
        (error) => this.fail(error),
      ),
    );

    if ((await next()).length && !signal.aborted) this.show(list, more);
    if (!signal.aborted) this.tell("ready");
  }
}

/** The server lets nothing but http and https in; it is asked again here, because this is somebody else's page. */
const named = ({ name, website }) =>
  /^https?:/.test(website ?? "")
    ? make("a", { href: website, target: "_blank", rel: "noopener nofollow ugc", dir: "auto" }, name)
    : make("span", { dir: "auto" }, name);

define("undersigned-organisations", Organisations);
