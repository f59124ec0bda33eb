const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);

/** Whether `text` is an IPv4 or IPv6 address (RFC 4291 forms, also `::ffff:1.2.3.4`; no zone, no prefix length). */
export function isIpAddress(text: string): boolean {
  if (text.length > 45) return false;
  return text.includes(':') ? isIpv6(text) : isIpv4(text);
}

function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const [head = '', tail] = halves;
  const groups = countGroups(head, tail === undefined) + (tail === undefined ? 0 : countGroups(tail, true));
  return tail === undefined ? groups === 8 : groups <= 7;
}

// Returns NaN when a group is malformed, so that every comparison with it is false.
function countGroups(text: string, last: boolean): number {
  if (text === '') return 0;
  const groups = text.split(':');
  let count = 0;
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) count += 1;
    else if (last && index === groups.length - 1 && isIpv4(group)) count += 2;
    else return Number.NaN;
  }
  return count;
}
