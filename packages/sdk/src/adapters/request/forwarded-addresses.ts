import { isIP, isIPv4 } from 'node:net';
import { requestLimits } from './request-limits.ts';

/**
 * The addresses that proxies wrote into a header, nearest first. Ends at the first that is none (`unknown`, an obfuscated
 * name): what lies behind it cannot be placed.
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

/** An address without port, brackets, quotes, zone; IPv4 in IPv6 as IPv4. Undefined where it is none. */
export function addressIn(text: string): string | undefined {
  // The usual address of a socket.
  if (isIPv4(text)) return text;
  const bare = text.trim().replace(/^"(.*)"$/, '$1');
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(bare) ?? [];
  const [, dotted] = /^(\d+\.\d+\.\d+\.\d+)(?::\d+)?$/.exec(bare) ?? [];
  const address = (bracketed ?? dotted ?? bare).replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(address) === 0 ? undefined : address;
}

/** RFC 7239, section 4. */
function forOf(element: string): string {
  return /(?:^|;)\s*for=("[^"]*"|[^;\s]*)/i.exec(element)?.[1] ?? '';
}
