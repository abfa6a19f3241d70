// The page of lines to paste, without reloading: a choice renews the lines as the server writes them, and a button copies one.

const form = document.querySelector(".wishes");
const lines = document.querySelector("#lines");
const said = document.querySelector("#said");
let latest = 0;

document.querySelector(".share").classList.add("scripted");
offerToCopy();

form.addEventListener("change", async () => {
  const mine = ++latest;
  const query = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  const address = `${location.pathname}?${query}`;
  const answer = await fetch(address);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("#lines");
  if (mine !== latest || !fresh) return;
  lines.replaceChildren(...fresh.childNodes);
  history.replaceState(null, "", address);
  offerToCopy();
  say(said.dataset.changed);
});

lines.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copies]");
  if (!button) return;
  await copy(document.getElementById(button.dataset.copies));
  button.dataset.done = "";
  say(said.dataset.copied);
});

function offerToCopy() {
  for (const button of lines.querySelectorAll("[data-copies]")) button.hidden = false;
}

async function copy(field) {
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    // Without HTTPS there is no clipboard to write to, but what is selected can be copied.
    field.select();
    document.execCommand("copy");
  }
}

function say(words) {
  // A screen reader repeats what it said before only if it was gone in between.
  said.textContent = "";
  setTimeout(() => (said.textContent = words), 50);
}
