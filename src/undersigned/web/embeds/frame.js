// On a partner's page: gives each iframe of ours the height of what is in it.

const ORIGIN = new URL(import.meta.url).origin;
const HEIGHT_MAX = 20_000;

const frames = () => [...document.querySelectorAll("iframe")].filter((frame) => frame.src.startsWith(`${ORIGIN}/embed/`));

addEventListener("message", ({ origin, source, data }) => {
  const height = data?.undersigned_height;
  if (origin !== ORIGIN || !(height > 0 && height < HEIGHT_MAX)) return;
  const frame = frames().find((each) => each.contentWindow === source);
  if (frame) frame.height = Math.ceil(height);
});

// Those that were there first have said theirs already.
for (const frame of frames()) frame.contentWindow.postMessage("undersigned:measure", ORIGIN);
