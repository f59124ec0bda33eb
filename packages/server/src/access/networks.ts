import { BlockList, isIP, isIPv6 } from 'node:net';

/** A network: an address in it and the length of its prefix in bits. */
export interface Network {
  readonly address: string;
  readonly prefix: number;
}

/** Reads `10.1.0.0/16` or `::1`; undefined when the text is no network. */
export function readNetwork(text: string): Network | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return undefined;
  const bits = family === 4 ? 32 : 128;
  if (prefix === undefined) return { address, prefix: bits };
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits ? { address, prefix: Number(prefix) } : undefined;
}

/**
 * Whether an address is in one of the networks, also an IPv4 address in its IPv6 form. False when the text is no
 * address.
 */
export function createNetworkList(networks: readonly Network[]): (address: string) => boolean {
  const list = new BlockList();
  for (const { address, prefix } of networks)
    list.addSubnet(address, prefix, isIP(address) === 4 ? 'ipv4' : 'ipv6');
  return (address) => {
    const family = address.includes('%') ? 0 : isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}

/** Whether one of the others contains the whole network. False when the text is no network. */
export function isWithin(text: string, others: readonly string[]): boolean {
  const network = readNetwork(text);
  if (!network) return false;
  return others.some((otherText) => {
    const other = readNetwork(otherText);
    if (!other || isIP(other.address) !== isIP(network.address) || other.prefix > network.prefix)
      return false;
    return createNetworkList([other])(network.address);
  });
}

const networkGroups = 4;

/**
 * An IPv4 address, or the network of an IPv6 address: a subscriber has a network and may use any address in it (RFC 6177).
 */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const rest = tail === undefined ? [] : tail.split(':').filter((group) => group !== '');
  const zeros = Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0');
  return [...groups, ...zeros, ...rest].slice(0, networkGroups).join(':');
}
