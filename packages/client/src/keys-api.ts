import type { Transport } from './transport.ts';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** The ledgers that the key may touch; null: all ledgers of its tenant. */
  readonly ledgers: readonly string[] | null;
  /** Networks from which the key works; null: any. */
  readonly addresses: readonly string[] | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** The time of the last use, to the minute. */
  readonly lastUsedAt: string | null;
}

export interface KeyInput {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly tenant?: string;
  readonly ledgers?: readonly string[];
  /** Networks such as `10.1.0.0/16`; absent: the key works from anywhere. */
  readonly addresses?: readonly string[];
  /** RFC 3339. */
  readonly expiresAt?: string;
}

export interface KeysApi {
  /** `secret` is in this answer and is never shown again. */
  create(input: KeyInput): Promise<{ readonly key: ApiKey; readonly secret: string }>;
  list(): Promise<readonly ApiKey[]>;
  revoke(id: string): Promise<void>;
}

export function createKeysApi(transport: Transport): KeysApi {
  return {
    create: (input) =>
      transport.json('POST', '/v1/keys', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      }),
    async list() {
      const { keys } = await transport.json<{ readonly keys: readonly ApiKey[] }>('GET', '/v1/keys');
      return keys;
    },
    async revoke(id) {
      await transport.send('DELETE', `/v1/keys/${encodeURIComponent(id)}`);
    },
  };
}
