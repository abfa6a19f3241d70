// What the embeds share: the server they came from, the words in their reader's language, and how an element begins.
import { KEYS } from "./keys.js";
import LOOK from "./look.css" with { type: "css" };

export const SHEETS = [LOOK];
export const HOME = new URL("../../", import.meta.url).href;
const kept = {};

/** Asks the server. Resolves to the answer; rejects with the problem and its `code`, which may be `offline`. */
export async function ask(path, options) {
  const answer = await fetch(HOME + path, { credentials: "omit", referrerPolicy: "no-referrer", ...options }).catch(
    () => ({ json: async () => ({ type: "offline" }) }),
  );
  if (answer.ok) return answer.json();
  const problem = await answer.json().catch(() => ({}));
  throw { ...problem, code: problem.type?.split(":").pop() ?? "unavailable" };
}

/** The same, asked once by all elements of a page. */
export const once = (path) =>
  (kept[path] ??= ask(path).catch((error) => {
    delete kept[path];
    throw error;
  }));

/** An element. Attributes that are null or false are left out; `on…` listens. */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child));
  return element;
}

/** A sentence with nodes or texts in the places of its {names}. */
export const fill = (sentence, values) =>
  sentence.split(/\{(\w+)\}/).map((piece, place) => (place % 2 ? values[piece] : piece));

/** The language of a tag, also of one as WordPress and POSIX write it: `de_DE_formal`. */
export const main = (tag) => tag.toLowerCase().split(/[-_]/)[0];

/** A list that JSON takes for one, whatever the page has taught its arrays (`toJSON` of Prototype and MooTools). */
export const bare = (list) => Object.setPrototypeOf(list, null);

/** What an element and those around it say of their language, the nearest first. */
function* tags(element) {
  for (let at = element; at; at = at.parentElement ?? at.getRootNode().host) if (at.lang) yield at.lang;
}

async function wordsFor(wishes) {
  for (const wish of [...wishes, ...navigator.languages, "en"]) {
    const words = await once(`embed/v1/words/${encodeURIComponent(wish)}.json`);
    if (main(words.language) === main(wish))
      return { ...words, ...words.sentences, ...Object.fromEntries(KEYS.map((key, place) => [key, words.sentences[place]])) };
  }
}

/** An embed. Until its `draw` has something to show, and whenever the server is away, its own content stays: the link. */
export class Embed extends HTMLElement {
  static observedAttributes = ["statement"];
  static sheets = SHEETS;

  // The page around may change its language, and this element's.
  tongue = new MutationObserver(() => `${[...tags(this)]}` !== `${this.wishes}` && this.begin());

  connectedCallback() {
    if (!this.shadowRoot) {
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = this.constructor.sheets;
      this.shadowRoot.append(make("slot"));
    }
    for (let root = this; root; root = root.host)
      this.tongue.observe((root = root.getRootNode()), { subtree: true, attributeFilter: ["lang"] });
    this.begin();
  }

  // Moved by moveBefore, it goes on as it is.
  connectedMoveCallback() {}

  disconnectedCallback() {
    this.life.abort();
    this.tongue.disconnect();
  }

  // Another document, such as a window that an editor opens, has sheets of its own.
  adoptedCallback() {
    const { CSSStyleSheet: Sheet } = this.ownerDocument.defaultView ?? {};
    if (!Sheet || !this.shadowRoot) return;
    this.shadowRoot.adoptedStyleSheets = this.constructor.sheets.map(({ cssRules }) => {
      const sheet = new Sheet();
      sheet.replaceSync([...cssRules].map((rule) => rule.cssText).join(""));
      return sheet;
    });
  }

  attributeChangedCallback(name, before, after) {
    if (this.shadowRoot && this.isConnected && before !== after) this.begin();
  }

  async begin(wait = 5) {
    this.life?.abort();
    const { signal } = (this.life = new AbortController());
    try {
      this.wishes = [...tags(this)];
      const words = await wordsFor(this.wishes);
      if (signal.aborted) return;
      this.words = words;
      await this.draw(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.fail(error);
      const timer = setTimeout(() => this.begin(Math.min(2 * wait, 300)), wait * 1000);
      signal.onabort = () => clearTimeout(timer);
    }
  }

  /** Where the server has this statement; the attribute can name nothing else there. */
  get path() {
    return `v1/statements/${encodeURIComponent(this.getAttribute("statement"))}`;
  }

  show(...children) {
    const { language, direction } = this.words;
    this.shadowRoot.replaceChildren(make("div", { class: "root", lang: language, dir: direction }, ...children));
    // Who measures a preview watches attributes, and can't see into this element.
    this.setAttribute("drawn", "");
  }

  tell(what, detail) {
    this.dispatchEvent(new CustomEvent(`undersigned:${what}`, { bubbles: true, composed: true, detail }));
  }

  fail(error) {
    this.tell("error", { code: error.code ?? "unexpected" });
  }
}

/** Registers an element, unless the page has it already: the script may be there twice. */
export const define = (name, element) => customElements.get(name) ?? customElements.define(name, element);
