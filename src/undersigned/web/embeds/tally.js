// <undersigned-tally>: how many endorse, as of now.
import { Embed, ask, define, make } from "./base.js";

class Tally extends Embed {
  async draw(signal) {
    let timer;
    let inView = true;
    let said;

    const look = async () => {
      // The browser adds If-None-Match by itself, and an unchanged tally comes as a 304 without a body.
      const tally = await ask(`${this.path}/tally?lang=${this.words.language}`, { cache: "no-cache", signal });
      if (signal.aborted) return;
      const few = tally.individuals + tally.organisations < 10;
      const small = this.words[tally.state === "open" ? "first" : `statement_${tally.state}`];
      const sentence = few ? small : tally.formatted.sentence;
      if (sentence !== said) this.say(tally.formatted, few && sentence, said);
      if (!said) this.tell("ready");
      said = sentence;
      return tally.next_poll_s;
    };

    // Only while somebody can see it, and never all readers at the same moment.
    const wait = (seconds) => {
      clearTimeout(timer);
      if (signal.aborted || document.hidden || !inView) return;
      timer = setTimeout(
        () => look().then(wait, (error) => (this.fail(error), wait(60))),
        seconds * (800 + 400 * Math.random()),
      );
    };

    const pace = await look();
    const seen = new IntersectionObserver(([entry]) => {
      if (inView !== (inView = entry.isIntersecting)) wait(1);
    });
    seen.observe(this);
    document.addEventListener("visibilitychange", () => wait(1), { signal });
    signal.onabort = () => (clearTimeout(timer), seen.disconnect());
    wait(pace);
  }

  /** Shows the numbers, or what is said while they are small; a number that changed rolls in. */
  say({ individuals, organisations, individuals_noun, organisations_noun }, few, again) {
    const old = [...this.shadowRoot.querySelectorAll("b")].map((number) => number.textContent);
    const number = (figure, noun) =>
      make(
        "span",
        { part: "count" },
        make("b", { part: "number", class: again && !old.includes(figure) && "new" }, figure),
        ` ${noun}`,
      );
    const both = [number(individuals, individuals_noun), make("span", { part: "separator" }, " · "), number(organisations, organisations_noun)];
    const part = few ? "tally few" : "tally";
    this.show(make("p", { class: part, part }, few || both));
  }
}

define("undersigned-tally", Tally);
