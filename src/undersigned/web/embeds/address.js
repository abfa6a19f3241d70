// A slip in a mail address, such as gmial.com: what it probably was meant to be is offered, and never put in its place.

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

/** What an address probably was meant to be, at one of these common domains, if that is another. */
export function meant(address, common) {
  const [name, domain] = address.trim().toLowerCase().split("@");
  const found = domain && !common.includes(domain) && common.find((each) => isNear(domain, each));
  return found && name && `${address.trim().split("@")[0]}@${found}`;
}
