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

/** Looks up all addresses of a name, as `dns.lookup` does. */
export type FindAddresses = (
  name: string,
  done: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

const withinMs = 10_000;
const answerBytesMax = 65_536;

const systemAddresses: FindAddresses = (name, done) =>
  lookupName(name, { all: true, order: 'verbatim' }, done);

/**
 * Makes the function that sends one message and resolves with the status of the answer. It connects to the address that it
 * has checked, so the name cannot get an internal address between the check and the connection. It follows no redirect, keeps
 * no connection, reads at most 64 KiB of the answer, and takes at most ten seconds in all. Rejects when there is no answer,
 * or when no message may be sent to the address.
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
      const request = (protocol === 'https:' ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        agent: false,
        signal,
        lookup: createCheckedLookup(addresses, { find, protocol }),
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
        request.destroy();
        if (status === undefined) reject(error);
        else resolve(status);
      };
      const timer = setTimeout(() => end(new Error(`no answer within ${withinMs} ms`)), withinMs);
      request.on('error', end);
      request.on('close', () => end(new Error('the connection ended without an answer')));
      request.on('response', (response) => {
        status = response.statusCode ?? 0;
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > answerBytesMax) end(new Error('the answer is too large'));
        });
        response.on('error', end);
        response.on('end', () => end(new Error('over')));
      });
      request.end(body);
    });
}

/** A `lookup` for `http.request` that fails when one address of the name is refused. */
function createCheckedLookup(
  addresses: ReceiverAddresses,
  { find, protocol }: { find: FindAddresses; protocol: string },
): LookupFunction {
  return (name, options, done) =>
    find(name, (error, all) => {
      const [first] = all ?? [];
      if (error || !first) return done(error ?? new Error(`${name} has no address`), '');
      // One refused address is enough: the owner of the name must not decide which of its addresses is used.
      const reason = all.map(({ address }) => addresses.refusal(address, protocol)).find(Boolean);
      if (reason !== undefined) return done(new Error(`${name}: ${reason}`), '');
      if (options.all) done(null, all);
      else done(null, first.address, first.family);
    });
}
