import { ClientError } from './client-error.ts';
import type { Transport } from './transport.ts';

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
  /** The server's statement of the entries that retention removed, as JSON: `{minimumIndex, purges}`. It is not signed. */
  retention(ledger: string): Promise<string>;
  /** The key that signs, as the server states it: compare it with one from another source before trusting it. */
  verifierKey(ledger: string): Promise<string>;
}

export function createTlogApi(transport: Transport): TlogApi {
  const at = (ledger: string, path: string): string => `/v1/tlog/${encodeURIComponent(ledger)}/${path}`;
  const text = async (path: string): Promise<string> => (await transport.send('GET', path)).text();
  return {
    checkpoint: (ledger) => text(at(ledger, 'checkpoint')),
    retention: (ledger) => text(at(ledger, 'retention')),
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
