// Proves work where a burst asks for it, and is loaded only then: finds the counter whose key begins as the challenge says (ALTCHA,
// version 2). The browser derives keys beside the page, so that nothing stands still, and no worker is needed, which policies forbid.

const AT_ONCE = 32;

const bytes = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const hex = (number, length) => number.toString(16).padStart(length, "0");

async function derive({ nonce, salt, cost }, counter) {
  const password = bytes(nonce + hex(counter, 8));
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  const derived = new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
  return Array.from(derived, (byte) => hex(byte, 2)).join("");
}

/** What is sent along as `proof`. Rejects with a `code` where the browser derives no keys: on a page without TLS. */
async function prove(challenge) {
  if (!crypto.subtle) throw { code: "too_many_requests" };
  for (let first = 0; ; first += AT_ONCE) {
    const counters = Array.from({ length: AT_ONCE }, (_, place) => first + place);
    const keys = await Promise.all(counters.map((counter) => derive(challenge.parameters, counter)));
    const place = keys.findIndex((key) => key.startsWith(challenge.parameters.keyPrefix));
    if (place < 0) continue;
    return btoa(JSON.stringify({ challenge, solution: { counter: counters[place], derivedKey: keys[place] } }));
  }
}

export { prove };
