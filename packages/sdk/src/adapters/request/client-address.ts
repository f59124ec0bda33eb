import { BlockList, isIP } from 'node:net';
import { addressIn, forwardedAddresses } from './forwarded-addresses.ts';
import type { IncomingRequest } from './incoming-request.ts';
import type { RequestOptions } from './request-options.ts';

const proxyHeaderDefault = 'x-forwarded-for';

/**
 * Makes the function that finds the client's address: the nearest one that is not a trusted proxy's. Undefined where the
 * socket has none. TypeError for a proxy that is not an address.
 */
export function createClientAddress({
  trustedProxies = 0,
  proxyHeader = proxyHeaderDefault,
}: Pick<RequestOptions<never>, 'trustedProxies' | 'proxyHeader'>): (
  request: IncomingRequest,
) => string | undefined {
  const header = proxyHeader.toLowerCase();
  const isTrusted =
    typeof trustedProxies === 'number' ? countedProxies(trustedProxies) : listedProxies(trustedProxies);
  return (request) => {
    const { remoteAddress } = request;
    const nearest = remoteAddress === undefined ? undefined : addressIn(remoteAddress);
    if (!isTrusted(nearest, 0)) return nearest;
    const text = request.header(header);
    return text === undefined
      ? nearest
      : farthestTrusted(nearest, forwardedAddresses(header, text), isTrusted);
  };
}

type IsTrusted = (address: string | undefined, hop: number) => boolean;

function farthestTrusted(
  nearest: string | undefined,
  forwarded: readonly string[],
  isTrusted: IsTrusted,
): string | undefined {
  let address = nearest;
  for (const [hop, next] of forwarded.entries()) {
    if (!isTrusted(address, hop)) break;
    address = next;
  }
  return address;
}

function countedProxies(count: number): IsTrusted {
  if (!Number.isInteger(count) || count < 0)
    throw new TypeError(`trustedProxies: ${count}: a whole number, or a list of addresses`);
  return (_, hop) => hop < count;
}

function listedProxies(proxies: readonly string[]): IsTrusted {
  const trusted = new BlockList();
  for (const proxy of proxies) {
    const [network = '', bits] = proxy.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    const bitsMax = family === 'ipv6' ? 128 : 32;
    const prefix = bits === undefined ? bitsMax : /^\d+$/.test(bits) ? Number(bits) : Number.NaN;
    if (isIP(network) === 0 || !(prefix <= bitsMax))
      throw new TypeError(`trustedProxies: ${proxy}: an address, or a network such as 10.0.0.0/8`);
    trusted.addSubnet(network, prefix, family);
  }
  return (address) => address !== undefined && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
