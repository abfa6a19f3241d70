// A slip in a mail address, such as gmial.com: what it probably was meant to be is offered, and never put in its place.

const COMMON = (
  "gmail.com yahoo.com ymail.com hotmail.com outlook.com icloud.com mail.com proton.me protonmail.com mail.ru yandex.ru " +
  "inbox.ru rambler.ru box.az freemail.hu citromail.hu indamail.hu mynet.com gmx.de web.de t-online.de free.fr orange.fr laposte.net"
).split(" ");

/** Whether one slip makes b of a: a letter missing, added or another, or two swapped. */
function isNear(a, b) {
  const least = Math.min(a.length, b.length);
  let start = 0;
  while (start < least && a[start] === b[start]) start++;
  let end = 0;
  while (end < least - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [left, right] = [a, b].map((word) => word.slice(start, word.length - end));
  return (left.length < 2 && right.length < 2) || (left.length === 2 && left === right[1] + right[0]);
}

/** What an address probably was meant to be, at a common domain, if that is another. */
function meant(address) {
  const [name, domain] = address.trim().toLowerCase().split("@");
  const found = domain && !COMMON.includes(domain) && COMMON.find((each) => isNear(domain, each));
  return found && name && `${address.trim().split("@")[0]}@${found}`;
}

export { meant };
