import { lookup as lookupName, type LookupAddress } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { ReceiverAddresses } from './receiver-addresses.ts';

export interface WebhookPost {
  url: URL;
  headers: Readonly<Record<string, string>>;
  body: string;
  signal: AbortSignal;
}

/** All addresses of a name, as `dns.lookup` finds them. */
export type FindAddresses = (
  name: string,
  found: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

const withinMs = 10_000;
const answerBytesMax = 65_536;

const systemAddresses: FindAddresses = (name, found) =>
  lookupName(name, { all: true, order: 'verbatim' }, found);

/**
 * Makes the function that sends one message and resolves with the status of the answer. The address that was looked at is
 * the one that is connected to, so that a name cannot be another one a moment later; no redirect is followed, no
 * connection is kept, and of an answer at most 64 KiB are read, for ten seconds in all. Rejects when there is no answer,
 * or no address that may be sent to.
 */
export function createWebhookPost(
  addresses: ReceiverAddresses,
  find: FindAddresses = systemAddresses,
): (post: WebhookPost) => Promise<number> {
  return ({ url, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const { protocol } = url;
      const host = url.hostname.replace(/^\[|\]$/g, '');
      const refused = isIP(host) === 0 ? undefined : addresses.refusal(host, protocol);
      if (refused !== undefined) return reject(new Error(refused));
      const sent = (protocol === 'https:' ? httpsRequest : httpRequest)(url, {
        ...{ method: 'POST', agent: false, signal, lookup: checkedLookup },
        headers: {
          ...headers,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'Bitacora',
        },
      });
      let status: number | undefined;
      const end = (error: Error): void => {
        clearTimeout(timer);
        sent.destroy();
        if (status === undefined) reject(error);
        else resolve(status);
      };
      const timer = setTimeout(() => end(new Error(`no answer within ${withinMs} ms`)), withinMs);
      sent.on('error', end);
      sent.on('close', () => end(new Error('the connection ended without an answer')));
      sent.on('response', (response) => {
        status = response.statusCode ?? 0;
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > answerBytesMax) end(new Error('the answer is too large'));
        });
        response.on('error', end);
        response.on('end', () => end(new Error('over')));
      });
      sent.end(body);

      function checkedLookup(...[name, options, found]: Parameters<LookupFunction>): void {
        find(name, (error, all) => {
          const [first] = all ?? [];
          if (error || !first) return found(error ?? new Error(`${name} has no address`), '');
          // One internal address among them is enough: which one is taken is not for the name's owner to choose.
          const reason = all.map(({ address }) => addresses.refusal(address, protocol)).find(Boolean);
          if (reason !== undefined) return found(new Error(`${name}: ${reason}`), '');
          if (options.all) found(null, all);
          else found(null, first.address, first.family);
        });
      }
    });
}
