import { hash } from 'node:crypto';
import { createTileReader, tilePath, type HashReader, type Sha256 } from '@bitacora/tlog';
import { withoutAudit } from '../context/audit-context.ts';
import { createHttpClient } from '../send/http-client.ts';
import type { WatchSettings } from './watch-options.ts';

/** The published tree of a ledger, which is not trusted. Rejects with `UnreadLedger` when the server did not answer. */
export interface PublishedTree {
  /** The newest signed note; undefined when the server has none. */
  checkpoint(): Promise<string | undefined>;
  /** Reads the tree of `size` entries; fetches each tile once per reader. Rejects with RangeError where a tile is missing. */
  readerOf(size: number): HashReader;
  close(): void;
}

/** The ledger could not be read at the moment, which says nothing about its entries. */
class UnreadLedger extends Error {
  override readonly name = 'UnreadLedger';
}

/** Node's own SHA-256, called in the form that was measured as the fastest. */
export const nodeSha256: Sha256 = (bytes) => Buffer.from(hash('sha256', bytes, 'binary'), 'binary');

const tilesCachedMax = 256;
const nothing = Buffer.alloc(0);

export function createPublishedTree(
  { url, key, ledger, requestTimeoutMs }: WatchSettings,
  signal: AbortSignal,
): PublishedTree {
  const client = createHttpClient(requestTimeoutMs);
  const base = `${url}/v1/tlog/${encodeURIComponent(ledger)}`;
  const headers = { authorization: `Bearer ${key}` };

  async function get(path: string): Promise<Buffer | undefined> {
    const { status, body } = await withoutAudit(() =>
      client.request(`${base}/${path}`, { method: 'GET', headers, body: nothing, signal }),
    ).catch((cause: unknown) => {
      throw new UnreadLedger(`no answer: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    });
    if (status === 404) return undefined;
    if (status !== 200) throw new UnreadLedger(`the server answered ${status}`);
    return body;
  }

  return {
    checkpoint: async () => (await get('checkpoint'))?.toString('utf8'),
    readerOf(size) {
      const cached = new Map<string, Promise<Buffer | undefined>>();
      return createTileReader(
        (tile) => {
          const path = tilePath(tile);
          const fetched = cached.get(path) ?? get(path);
          cached.set(path, fetched);
          const [oldest] = cached.keys();
          if (cached.size > tilesCachedMax && oldest !== undefined) cached.delete(oldest);
          return fetched;
        },
        { size, sha: nodeSha256 },
      );
    },
    close: client.close,
  };
}
