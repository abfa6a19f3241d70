// In a page of ours that is shown in an iframe: says to whoever shows it how high it is, and where in it the news stands.

const main = document.querySelector("main");
const box = (element) => element.getBoundingClientRect();
const say = (more) => parent.postMessage({ undersigned_height: box(main).height, ...more }, "*");

/** What the address points at: what came of a form that was sent, or the field that a link led to. */
function lead() {
  const news = document.getElementById(location.hash.slice(1));
  if (!news) return;
  news.focus({ preventScroll: true });
  say({ undersigned_news: box(news).top - box(main).top });
}

// At once, because a browser doesn't observe sizes in a frame that nobody has scrolled to yet.
say();
new ResizeObserver(() => say()).observe(main);
addEventListener("message", ({ source, data }) => {
  if (source === parent && data === "undersigned:measure") say();
});
addEventListener("hashchange", lead);
lead();
