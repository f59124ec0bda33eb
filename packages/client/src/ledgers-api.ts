import type { Transport } from './transport.ts';

export interface Ledger {
  readonly name: string;
  readonly origin: string;
  /** Null: without end. */
  readonly retentionDays: number | null;
}

export interface LedgersApi {
  create(input: { readonly name: string; readonly retentionDays?: number }): Promise<Ledger>;
  list(): Promise<readonly Ledger[]>;
}

export function createLedgersApi(transport: Transport): LedgersApi {
  return {
    create: (input) =>
      transport.json('POST', '/v1/ledgers', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      }),
    async list() {
      const { ledgers } = await transport.json<{ readonly ledgers: readonly Ledger[] }>('GET', '/v1/ledgers');
      return ledgers;
    },
  };
}
