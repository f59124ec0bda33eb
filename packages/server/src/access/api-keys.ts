import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import { AuditError } from '../audit-error.ts';
import type { Database } from '../storage/index.ts';
import { createNetworkList, readNetwork } from './networks.ts';

export const scopes = ['ingest', 'read', 'tree', 'admin', 'operator'] as const;
/** ingest: write events · read: search, get, tail · tree: entry bundles · admin: keys, directory · operator: tenants. */
export type ScopeName = (typeof scopes)[number];

export interface ApiKey {
  id: string;
  tenant: number;
  name: string;
  scopes: ScopeName[];
  /** Names of the only ledgers it may touch; null: all of its tenant. */
  ledgers: string[] | null;
  /** Networks that it is taken from; null: any. */
  addresses: string[] | null;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  /** To the minute. */
  lastUsedAt: number | null;
}

export interface ApiKeyInput {
  tenant: number;
  name: string;
  scopes: ScopeName[];
  ledgers?: string[];
  addresses?: string[];
  expiresAt?: number;
}

export interface ApiKeys {
  /** Makes a key; `secret` is shown here and never again. */
  create(input: ApiKeyInput): Promise<{ key: ApiKey; secret: string }>;
  /** Stores a given secret as a key, once: for BITACORA_ADMIN_KEY. */
  adopt(secret: string, input: ApiKeyInput): Promise<void>;
  list(tenant: number): Promise<ApiKey[]>;
  /** @throws not_found */
  revoke(tenant: number, id: string): Promise<void>;
  /** The key of that secret, or undefined when unknown, expired, revoked (within 2 s on every server) or used from elsewhere. */
  authenticate(secret: string, address: string): Promise<ApiKey | undefined>;
}

const cachedForMs = 2_000;
const cachedMax = 10_000;
const usedEveryMs = 60_000;
const columns = `id, tenant, name, scopes, ledgers, addresses, created_at as "createdAt", expires_at as "expiresAt",
  revoked_at as "revokedAt", last_used_at as "lastUsedAt"`;
const select = `select ${columns}, secret_hash as "secretHash" from api_key`;

/**
 * API keys. `bta_live_<id>_<secret><crc>`: 160 random bits with a checksum for secret scanners; stored is the SHA-256,
 * which is enough for a random secret (ASVS 11.5.1).
 */
export function createApiKeys(options: { database: Database; clock: () => number }): ApiKeys {
  const { database, clock } = options;
  const cache = new LRUCache<string, { key: StoredKey | undefined; until: number }>({ max: cachedMax });
  const insert = async (id: string, secret: string, input: ApiKeyInput): Promise<ApiKey | undefined> => {
    const made = await database.plain((client) =>
      client.query<StoredKey>(
        `insert into api_key (id, tenant, name, secret_hash, scopes, ledgers, expires_at, addresses)
         values ($1, $2, $3, $4, $5, $6, to_timestamp($7::float8 / 1000), $8) on conflict (id) do nothing
         returning ${columns}`,
        [
          id,
          input.tenant,
          input.name,
          hashOf(secret),
          input.scopes,
          input.ledgers ?? null,
          input.expiresAt ?? null,
          input.addresses ?? null,
        ],
      ),
    );
    return made.rows[0];
  };
  const find = async (id: string): Promise<StoredKey | undefined> => {
    const cached = cache.get(id);
    if (cached && cached.until > clock()) return cached.key;
    const found = await database.plain((client) => client.query<StoredKey>(`${select} where id = $1`, [id]));
    cache.set(id, { key: found.rows[0], until: clock() + cachedForMs });
    return found.rows[0];
  };
  /** Not waited for: a request does not fail because this could not be written. */
  const noteUse = async (id: string): Promise<void> => {
    await database
      .plain((client) => client.query('update api_key set last_used_at = now() where id = $1', [id]))
      .catch(() => undefined);
  };
  return {
    async create(input) {
      const id = randomBytes(8).toString('hex');
      const secret = formatSecret(id, randomBytes(20).toString('hex'));
      const key = await insert(id, secret, input);
      if (!key) throw new AuditError('internal', { operatorText: 'two keys drew the same id' });
      return { key, secret };
    },
    async adopt(secret, input) {
      await insert(idOf(secret), secret, input);
      cache.delete(idOf(secret));
    },
    async list(tenant) {
      const found = await database.plain((client) =>
        client.query<StoredKey>(`${select} where tenant = $1 order by created_at, id`, [tenant]),
      );
      return found.rows.map(({ secretHash: _, ...key }) => key);
    },
    async revoke(tenant, id) {
      const done = await database.plain((client) =>
        client.query(
          'update api_key set revoked_at = coalesce(revoked_at, now()) where tenant = $1 and id = $2',
          [tenant, id],
        ),
      );
      if (done.rowCount === 0) throw new AuditError('not_found', { detail: `there is no key ${id}` });
      cache.delete(id);
    },
    async authenticate(secret, address) {
      const stored = await find(idOf(secret));
      if (!stored || !timingSafeEqual(stored.secretHash, hashOf(secret))) return undefined;
      if (stored.revokedAt !== null || (stored.expiresAt !== null && stored.expiresAt <= clock()))
        return undefined;
      if (stored.addresses !== null && !isFrom(stored.addresses, address)) return undefined;
      if ((stored.lastUsedAt ?? 0) < clock() - usedEveryMs) {
        stored.lastUsedAt = clock();
        void noteUse(stored.id);
      }
      const { secretHash: _, ...key } = stored;
      return key;
    },
  };
}

interface StoredKey extends ApiKey {
  secretHash: Buffer;
}

function isFrom(addresses: readonly string[], address: string): boolean {
  const networks = addresses.map((text) => readNetwork(text)).filter((one) => one !== undefined);
  return createNetworkList(networks)(address);
}

function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

function formatSecret(id: string, random: string): string {
  return `bta_live_${id}_${random}${crc32(random).toString(16).padStart(8, '0')}`;
}

/** A key given by the operator (BITACORA_ADMIN_KEY) has any form; its id is then derived from it. */
function idOf(secret: string): string {
  return (
    /^bta_live_([0-9a-f]{16})_[0-9a-f]{48}$/.exec(secret)?.[1] ??
    `own_${hashOf(secret).toString('hex').slice(0, 16)}`
  );
}
