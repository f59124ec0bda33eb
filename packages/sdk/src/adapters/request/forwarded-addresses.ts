import { isIP, isIPv4 } from 'node:net';
import { requestLimits } from './request-limits.ts';

/**
 * The addresses that proxies wrote into a header, nearest first. The list ends at the first entry that is not an address
 * (`unknown`, an obfuscated name), because nobody can say which machine the entries behind it belong to.
 */
export function forwardedAddresses(header: string, text: string): string[] {
  const elements = text.split(',').slice(-requestLimits.hopsMax).reverse();
  const addresses: string[] = [];
  for (const element of elements) {
    const address = addressIn(header === 'forwarded' ? forOf(element) : element);
    if (address === undefined) break;
    addresses.push(address);
  }
  return addresses;
}

/** The address in an entry, without port, brackets, quotes and zone; IPv4 in IPv6 as IPv4. Undefined where there is none. */
export function addressIn(text: string): string | undefined {
  // Most addresses of sockets have this form already.
  if (isIPv4(text)) return text;
  const bare = text.trim().replace(/^"(.*)"$/, '$1');
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(bare)?.[1];
  const dotted = /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/.exec(bare)?.[1];
  const address = (bracketed ?? dotted ?? bare).replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(address) === 0 ? undefined : address;
}

/** RFC 7239, section 4. */
function forOf(element: string): string {
  return /(?:^|;)\s*for=("[^"]*"|[^;\s]*)/i.exec(element)?.[1] ?? '';
}
