import type { Transport } from './transport.ts';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** The only ledgers it may touch; null: all of its tenant. */
  readonly ledgers: readonly string[] | null;
  /** Networks that it is taken from; null: any. */
  readonly addresses: readonly string[] | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** To the minute. */
  readonly lastUsedAt: string | null;
}

export interface KeyInput {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly tenant?: string;
  readonly ledgers?: readonly string[];
  /** Networks such as `10.1.0.0/16`; absent: it is taken from anywhere. */
  readonly addresses?: readonly string[];
  /** RFC 3339. */
  readonly expiresAt?: string;
}

export interface KeysApi {
  /** `secret` is told here and never again. */
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
