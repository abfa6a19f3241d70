// On a partner's page: gives each iframe of ours the height of what is in it, and brings into view what it says is news.

const ORIGIN = new URL(import.meta.url).origin;
const HEIGHT_MAX = 20_000;
// As far below the top as most bars reach that stay there while a page scrolls.
const BELOW_TOP = 120;

/** All iframes of ours, also those in open shadow trees. */
const frames = (root) =>
  [...root.querySelectorAll("*")].flatMap((each) => [
    ...(each.shadowRoot ? frames(each.shadowRoot) : []),
    ...(each.matches("iframe") && each.src.startsWith(`${ORIGIN}/embed/`) ? [each] : []),
  ]);

addEventListener("message", ({ origin, source, data }) => {
  const height = data?.undersigned_height;
  const news = data?.undersigned_news;
  if (origin !== ORIGIN || !(height > 0 && height < HEIGHT_MAX)) return;
  const frame = frames(document).find((each) => each.contentWindow === source);
  if (!frame) return;
  frame.height = Math.ceil(height);
  // A style sheet of the page is stronger than an attribute, and may count the border in.
  const border = getComputedStyle(frame).boxSizing === "border-box" ? frame.offsetHeight - frame.clientHeight : 0;
  frame.style.setProperty("height", `${Math.ceil(height) + border}px`, "important");
  if (!(news >= 0 && news <= height)) return;
  source.postMessage("undersigned:led", "*");
  const top = frame.getBoundingClientRect().top + news;
  if (top > 0 && top < innerHeight - BELOW_TOP) return;
  frame.style.scrollMarginTop = `${BELOW_TOP - news}px`;
  frame.scrollIntoView();
});

// Those that were there first have said theirs already. It is no secret, and one that is still to be loaded has no origin yet.
for (const frame of frames(document)) frame.contentWindow.postMessage("undersigned:measure", "*");
