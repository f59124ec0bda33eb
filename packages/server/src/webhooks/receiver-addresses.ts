import { isIP } from 'node:net';
import { createNetworkList, readNetwork, type Network } from '../access/index.ts';

/** Decides which addresses a message may be sent to. */
export interface ReceiverAddresses {
  /** The reason why nothing may be sent to an IP address; undefined when it is allowed. */
  refusal(address: string, protocol: string): string | undefined;
}

/** IPv4 addresses that are not of the public Internet (IANA special-purpose registry, RFC 6890). */
const special4 =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
  '192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4';
/** All IPv6 addresses outside 2000::/3 are special, and inside it those that stand for other addresses or for none. */
const global6 = '2000::/3';
const special6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20';

/**
 * Allows public addresses by https, and addresses in `networks` also by http. IPv6 forms of IPv4 addresses (mapped,
 * compatible, NAT64, 6to4, Teredo) count as internal unless `networks` lists them, because this server cannot know where they
 * lead. A text that is no address is refused.
 */
export function createReceiverAddresses(networks: readonly Network[]): ReceiverAddresses {
  const isListed = createNetworkList(networks);
  const isSpecial = listOf(`${special4} ${special6}`);
  const isGlobal6 = listOf(global6);
  return {
    refusal(address, protocol) {
      const family = address.includes('%') ? 0 : isIP(address);
      if (family === 0) return `${address} is no address`;
      if (isListed(address)) return undefined;
      if (isSpecial(address) || (family === 6 && !isGlobal6(address)))
        return `${address} is an internal address`;
      return protocol === 'https:' ? undefined : `${address} is public, and ${protocol} is not private`;
    },
  };
}

function listOf(texts: string): (address: string) => boolean {
  const networks = texts.split(' ').map((text) => readNetwork(text));
  return createNetworkList(networks.filter((network) => network !== undefined));
}
