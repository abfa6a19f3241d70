// In a page of ours that is shown in an iframe: says to whoever shows it how high it is, and where in it the news stands.

const main = document.querySelector("main");
const box = (element) => element.getBoundingClientRect();
const say = (more) => parent.postMessage({ undersigned_height: box(main).height, ...more }, "*");

// How long a page around may take to say that it scrolled; and in pixels, what has to be seen of the news, and what is left above.
const PATIENCE_MS = 300;
const ROOM = 60;
const MARGIN = 16;
let alone;

/** What the address points at: what came of a form that was sent, or the field that a link led to. */
function lead() {
  const news = document.getElementById(location.hash.slice(1));
  if (!news) return;
  news.focus({ preventScroll: true });
  say({ undersigned_news: box(news).top - box(main).top });
  alone = setTimeout(() => new IntersectionObserver(show).observe(document.documentElement), PATIENCE_MS);

  /** Brings it to where this frame can be seen, if nobody around does. */
  function show([{ intersectionRect: seen }], observer) {
    observer.disconnect();
    const off = box(news).top - seen.top;
    if (off >= 0 && off < seen.height - ROOM) return;
    const before = scrollY;
    scrollBy(0, off - MARGIN);
    if (scrollY === before && news.matches(".sent")) Object.assign(document.body.style, { alignContent: "start", paddingTop: `${seen.top + MARGIN}px` });
  }
}

// At once, because a browser doesn't observe sizes in a frame that nobody has scrolled to yet.
say();
new ResizeObserver(() => say()).observe(main);
addEventListener("message", ({ source, data }) => {
  if (source !== parent) return;
  if (data === "undersigned:measure") say();
  if (data === "undersigned:led") clearTimeout(alone);
});
addEventListener("hashchange", lead);
lead();
