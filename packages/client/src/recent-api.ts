import type { Transport } from './transport.ts';

/** The contents of the recent store, and counts of its work since the server's start. */
export interface RecentStatus {
  readonly store: 'redis' | 'memory' | 'off';
  /** `resting`: the store failed or was slow. The server tries it again by itself. */
  readonly state: 'asked' | 'resting' | 'off';
  readonly days: number;
  readonly entriesMaxPerKey: number;
  readonly entriesMaxPerLedger: number;
  readonly indexes: readonly (readonly string[])[];
  readonly counters: Readonly<Record<string, number>>;
  readonly ledgers: readonly {
    readonly ledger: string;
    readonly entries: number;
    readonly upTo: number | null;
    readonly since: string | null;
    readonly complete: boolean;
    readonly keys: number | null;
    readonly bytes: number | null;
  }[];
}

export interface RecentSync {
  readonly ledger: string;
  readonly entries: number;
  /** How many entries are held for the key that `only` names. */
  readonly ofKey?: number;
  readonly durationMs: number;
  readonly error?: string;
}

export interface RecentApi {
  status(): Promise<RecentStatus>;
  sync(options: {
    readonly ledger?: string;
    readonly days?: number;
    readonly only?: Readonly<Record<string, string>>;
  }): Promise<readonly RecentSync[]>;
  clear(options: {
    readonly ledger?: string;
  }): Promise<readonly { readonly ledger: string; readonly keys: number }[]>;
}

export function createRecentApi(transport: Transport): RecentApi {
  return {
    status: () => transport.json('GET', '/v1/recent'),
    async sync(options) {
      const { ledgers } = await transport.json<{ readonly ledgers: readonly RecentSync[] }>(
        'POST',
        '/v1/recent/sync',
        { headers: { 'content-type': 'application/json' }, body: JSON.stringify(options) },
      );
      return ledgers;
    },
    async clear({ ledger }) {
      const query = ledger === undefined ? '' : `?ledger=${encodeURIComponent(ledger)}`;
      const { ledgers } = await transport.json<{
        readonly ledgers: readonly { ledger: string; keys: number }[];
      }>('DELETE', `/v1/recent${query}`);
      return ledgers;
    },
  };
}
