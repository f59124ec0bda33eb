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
  /** Names of the ledgers that the key may touch; null: all ledgers of its tenant. */
  ledgers: string[] | null;
  /** Networks from which the server accepts the key; null: any. */
  addresses: string[] | null;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  /** The time of the last use, to the minute. */
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
  /** Makes a key and returns its `secret`, which nothing returns again. */
  create(input: ApiKeyInput): Promise<{ key: ApiKey; secret: string }>;
  /** Stores a secret that the operator chose (BITACORA_ADMIN_KEY) as a key; does nothing when that key exists. */
  adopt(secret: string, input: ApiKeyInput): Promise<void>;
  list(tenant: number): Promise<ApiKey[]>;
  /** @throws not_found */
  revoke(tenant: number, id: string): Promise<void>;
  /**
   * The key of that secret. Undefined when the key is unknown, expired, revoked (in force within 2 s on every server) or
   * used from an address that it does not allow.
   */
  authenticate(secret: string, address: string): Promise<ApiKey | undefined>;
}

/** How long a revocation by another server may stay unseen. */
const cachedForMs = 2_000;
const cachedMax = 10_000;
const usedEveryMs = 60_000;
const columns = `id, tenant, name, scopes, ledgers, addresses, created_at as "createdAt", expires_at as "expiresAt",
  revoked_at as "revokedAt", last_used_at as "lastUsedAt"`;
const select = `select ${columns}, secret_hash as "secretHash" from api_key`;

/**
 * API keys. `bta_live_<id>_<secret><crc>`: 160 random bits with a checksum for secret scanners; the table holds the
 * SHA-256, which is enough for a random secret (ASVS 11.5.1).
 */
export function createApiKeys(options: { database: Database; clock: () => number }): ApiKeys {
  const { database, clock } = options;
  const cache = new LRUCache<string, { key: StoredKey; until: number }>({ max: cachedMax });
  const find = async (id: string): Promise<StoredKey | undefined> => {
    const cached = cache.get(id);
    if (cached && cached.until > clock()) return cached.key;
    const key = await selectKey(database, id);
    // Guesses that find nothing must not push keys in use out of the cache.
    if (key) cache.set(id, { key, until: clock() + cachedForMs });
    return key;
  };
  return {
    async create(input) {
      const id = randomBytes(8).toString('hex');
      const secret = formatSecret(id, randomBytes(20).toString('hex'));
      const key = await insertKey(database, { id, secret, input });
      if (!key) throw new AuditError('internal', { operatorText: 'two API keys got the same random id' });
      return { key, secret };
    },
    async adopt(secret, input) {
      const id = idOf(secret);
      await insertKey(database, { id, secret, input });
      cache.delete(id);
    },
    list: (tenant) => selectKeys(database, tenant),
    async revoke(tenant, id) {
      const revoked = await revokeKey(database, tenant, id);
      if (!revoked) throw new AuditError('not_found', { detail: `there is no key ${id}` });
      cache.delete(id);
    },
    async authenticate(secret, address) {
      const stored = await find(idOf(secret));
      if (!stored || !timingSafeEqual(stored.secretHash, hashOf(secret))) return undefined;
      if (!isInForce(stored, clock()) || !isAllowedFrom(stored, address)) return undefined;
      if ((stored.lastUsedAt ?? 0) < clock() - usedEveryMs) {
        stored.lastUsedAt = clock();
        void noteUse(database, stored.id);
      }
      return withoutHash(stored);
    },
  };
}

interface StoredKey extends ApiKey {
  secretHash: Buffer;
}

/** Inserts a key. Undefined when a key with this id exists already. */
async function insertKey(
  database: Database,
  { id, secret, input }: { id: string; secret: string; input: ApiKeyInput },
): Promise<ApiKey | undefined> {
  const inserted = await database.plain((client) =>
    client.query<ApiKey>(
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
  return inserted.rows[0];
}

async function selectKey(database: Database, id: string): Promise<StoredKey | undefined> {
  const result = await database.plain((client) => client.query<StoredKey>(`${select} where id = $1`, [id]));
  return result.rows[0];
}

async function selectKeys(database: Database, tenant: number): Promise<ApiKey[]> {
  const result = await database.plain((client) =>
    client.query<StoredKey>(`${select} where tenant = $1 order by created_at, id`, [tenant]),
  );
  return result.rows.map(withoutHash);
}

/** False when the tenant has no such key. */
async function revokeKey(database: Database, tenant: number, id: string): Promise<boolean> {
  const revoked = await database.plain((client) =>
    client.query(
      'update api_key set revoked_at = coalesce(revoked_at, now()) where tenant = $1 and id = $2',
      [tenant, id],
    ),
  );
  return revoked.rowCount !== 0;
}

/** The caller does not wait for it, and a failure is ignored: no request may fail because the time of use was not written. */
async function noteUse(database: Database, id: string): Promise<void> {
  await database
    .plain((client) => client.query('update api_key set last_used_at = now() where id = $1', [id]))
    .catch(() => undefined);
}

function withoutHash({ secretHash: _, ...key }: StoredKey): ApiKey {
  return key;
}

function isInForce(key: ApiKey, now: number): boolean {
  return key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
}

function isAllowedFrom({ addresses }: ApiKey, address: string): boolean {
  if (addresses === null) return true;
  const networks = addresses.map((text) => readNetwork(text)).filter((network) => network !== undefined);
  return createNetworkList(networks)(address);
}

function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

function formatSecret(id: string, random: string): string {
  return `bta_live_${id}_${random}${crc32(random).toString(16).padStart(8, '0')}`;
}

/** The id of a key's secret. A secret that the operator chose (BITACORA_ADMIN_KEY) has any form: its id is made of its hash. */
function idOf(secret: string): string {
  return (
    /^bta_live_([0-9a-f]{16})_[0-9a-f]{48}$/.exec(secret)?.[1] ??
    `own_${hashOf(secret).toString('hex').slice(0, 16)}`
  );
}
