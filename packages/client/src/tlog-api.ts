import { ClientError } from './client-error.ts';
import type { Transport } from './transport.ts';

/** Entries whose values were replaced, and those whose values cannot be read, with the groups concerned. */
export interface ValueFaults {
  /** How many entries were compared. */
  readonly entries: number;
  readonly altered: readonly { readonly index: number; readonly groups: readonly string[] }[];
  readonly missing: readonly { readonly index: number; readonly groups: readonly string[] }[];
}

/** What a random part of a ledger, the entries `[first, end)`, showed. */
export interface CheckReport {
  readonly first: number;
  readonly end: number;
  readonly differences: readonly { readonly kind: string; readonly index?: number; readonly text: string }[];
}

/** A ledger's tree in the form of C2SP tlog-tiles. The answers prove nothing until they are verified. */
export interface TlogApi {
  /** The newest signed note. */
  checkpoint(ledger: string): Promise<string>;
  /** Bytes below the ledger's prefix, such as `tile/0/x001/234` or `tile/entries/000.p/7`; undefined when absent. */
  tile(
    ledger: string,
    path: string,
    options?: { readonly signal?: AbortSignal },
  ): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** The entries that retention removed, as JSON: `{minimumIndex, auditLedger, period, purges}`, with the signed events that allowed it. */
  retention(ledger: string): Promise<string>;
  /** The index of each of at most 1,000 event ids; an id that the server does not find is absent. */
  indexes(ledger: string, ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Has the server compare the values of entries from `first` on, at most 1,000, with the commitments in the entries. */
  values(ledger: string, first: number): Promise<ValueFaults>;
  /** Has the server compare a random part of a ledger with the tree, ids, values, posting lists and counts. */
  check(ledger: string): Promise<CheckReport>;
  /** The key that signs, as the server states it: compare it with one from another source before trusting it. */
  verifierKey(ledger: string): Promise<string>;
}

export function createTlogApi(transport: Transport): TlogApi {
  const at = (ledger: string, path: string): string => `/v1/tlog/${encodeURIComponent(ledger)}/${path}`;
  const text = async (path: string): Promise<string> => (await transport.send('GET', path)).text();
  return {
    checkpoint: (ledger) => text(at(ledger, 'checkpoint')),
    retention: (ledger) => text(at(ledger, 'retention')),
    values: (ledger, first) => transport.json('GET', at(ledger, 'values'), { query: { first } }),
    check: (ledger) => transport.json('POST', at(ledger, 'check')),
    async indexes(ledger, ids) {
      const { indexes } = await transport.json<{ indexes: { id: string; index: number }[] }>(
        'POST',
        at(ledger, 'indexes'),
        { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ids }) },
      );
      return new Map(indexes.map(({ id, index }) => [id, index]));
    },
    async tile(ledger, path, options) {
      try {
        const response = await transport.send('GET', at(ledger, path), options);
        return new Uint8Array(await response.arrayBuffer());
      } catch (error) {
        if (error instanceof ClientError && error.status === 404) return undefined;
        throw error;
      }
    },
    verifierKey: async (ledger) => (await text(at(ledger, 'key'))).trim(),
  };
}
