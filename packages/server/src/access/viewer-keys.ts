import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AuditError } from '../audit-error.ts';
import type { Database } from '../storage/index.ts';
import type { SecretBox } from './secret-box.ts';

/** A key by which a host application vouches for its own users. */
export interface ViewerKey {
  kid: string;
  /** The exact `iss` that its tokens must carry. */
  issuer: string;
  algorithm: 'EdDSA' | 'HS256';
  /** Names of the roles that its tokens may carry; null: every role but owner. */
  roles: string[] | null;
  /** ms */
  createdAt: number;
}

export interface ViewerKeyInput extends Omit<ViewerKey, 'kid' | 'createdAt'> {
  /** EdDSA: a public key as PEM or JWK (Ed25519). HS256: 32 to 256 random bytes as base64url. */
  key: string;
}

export interface ViewerKeys {
  /** Stores a key, or replaces the one with that `kid`. @throws invalid_parameter, forbidden */
  put(tenant: number, kid: string, input: ViewerKeyInput): Promise<ViewerKey>;
  list(tenant: number): Promise<ViewerKey[]>;
  /** @throws not_found */
  remove(tenant: number, kid: string): Promise<void>;
  /** Cached for two seconds, unless there is none, so another server's change may stay unseen for this time. */
  find(tenant: number, kid: string): Promise<CheckingKey | undefined>;
}

/** A key with the material that checks its tokens: a public key (EdDSA) or a shared secret (HS256). */
type CheckingKey = ViewerKey & { material: KeyObject | Uint8Array };

export const kidPattern = /^[\w.-]{1,100}$/;
const keysMax = 100;
const cachedForMs = 2_000;
const cachedMax = 10_000;
const columns = 'kid, issuer, algorithm, roles, created_at as "createdAt"';

export function createViewerKeys(options: {
  database: Database;
  box: SecretBox;
  clock: () => number;
}): ViewerKeys {
  const { database, box, clock } = options;
  const cache = new LRUCache<string, { key: CheckingKey; until: number }>({ max: cachedMax });
  return {
    async put(tenant, kid, input) {
      requireKid(kid);
      const material = input.algorithm === 'EdDSA' ? publicKeyOf(input.key) : box.seal(secretOf(input.key));
      const key = await upsertKey(database, { tenant, kid, input, material });
      cache.delete(`${tenant}/${kid}`);
      if (!key) throw new AuditError('forbidden', { detail: `a tenant has at most ${keysMax} viewer keys` });
      return key;
    },
    list: (tenant) => selectKeys(database, tenant),
    async remove(tenant, kid) {
      const deleted = await deleteKey(database, tenant, kid);
      cache.delete(`${tenant}/${kid}`);
      if (!deleted) throw new AuditError('not_found', { detail: 'there is no such viewer key' });
    },
    async find(tenant, kid) {
      const cached = cache.get(`${tenant}/${kid}`);
      if (cached && cached.until > clock()) return cached.key;
      const row = await selectKey(database, tenant, kid);
      const material = row && materialOf(row, box);
      if (!row || !material) return undefined;
      const key = { ...row, material };
      cache.set(`${tenant}/${kid}`, { key, until: clock() + cachedForMs });
      return key;
    },
  };
}

type StoredKey = ViewerKey & { bytes: Buffer };

/** Undefined when the tenant has as many keys as it may have. */
async function upsertKey(
  database: Database,
  options: { tenant: number; kid: string; input: ViewerKeyInput; material: Buffer },
): Promise<ViewerKey | undefined> {
  const { tenant, kid, input, material } = options;
  const stored = await database.write({ tenant, ledgers: [] }, (client) =>
    client.query<ViewerKey>(
      `insert into viewer_key (tenant, kid, issuer, algorithm, material, roles)
       select $1::integer, $2::text, $3, $4, $5::bytea, $6::text[]
       where (select count(*) from viewer_key where tenant = $1 and kid <> $2) < ${keysMax}
       on conflict (tenant, kid) do update set issuer = excluded.issuer, algorithm = excluded.algorithm,
         material = excluded.material, roles = excluded.roles, created_at = now() returning ${columns}`,
      [tenant, kid, input.issuer, input.algorithm, material, input.roles],
    ),
  );
  return stored.rows[0];
}

async function selectKeys(database: Database, tenant: number): Promise<ViewerKey[]> {
  const result = await database.write({ tenant, ledgers: [] }, (client) =>
    client.query<ViewerKey>(`select ${columns} from viewer_key where tenant = $1 order by kid`, [tenant]),
  );
  return result.rows;
}

async function selectKey(database: Database, tenant: number, kid: string): Promise<StoredKey | undefined> {
  const result = await database.write({ tenant, ledgers: [] }, (client) =>
    client.query<StoredKey>({
      name: 'viewer-key-find',
      text: `select ${columns}, material as bytes from viewer_key where tenant = $1 and kid = $2`,
      values: [tenant, kid],
    }),
  );
  return result.rows[0];
}

/** False when the tenant has no such key. */
async function deleteKey(database: Database, tenant: number, kid: string): Promise<boolean> {
  const deleted = await database.write({ tenant, ledgers: [] }, (client) =>
    client.query('delete from viewer_key where tenant = $1 and kid = $2', [tenant, kid]),
  );
  return deleted.rowCount !== 0;
}

/** Undefined when the secret was sealed under another master secret. */
function materialOf({ algorithm, bytes }: StoredKey, box: SecretBox): CheckingKey['material'] | undefined {
  return algorithm === 'EdDSA'
    ? createPublicKey({ key: bytes, format: 'der', type: 'spki' })
    : box.open(bytes);
}

/** @throws invalid_parameter */
function requireKid(kid: string): void {
  if (kidPattern.test(kid)) return;
  throw new AuditError('invalid_parameter', {
    parameter: 'kid',
    detail: 'kid: 1 to 100 of A-Z a-z 0-9 _ . -',
  });
}

/** @throws invalid_parameter, also for a private key: only the host may have that */
function publicKeyOf(text: string): Buffer {
  const refuse = (detail: string): never => {
    throw new AuditError('invalid_parameter', { parameter: 'key', detail });
  };
  if (/PRIVATE KEY|"d"\s*:/.test(text))
    refuse('this is a private key, which only the host may have: make a new pair and send its public key');
  try {
    const key = text.trimStart().startsWith('{')
      ? createPublicKey({ key: jwkOf(text), format: 'jwk' })
      : createPublicKey(text);
    if (key.asymmetricKeyType !== 'ed25519') return refuse('EdDSA keys are Ed25519 keys');
    return key.export({ type: 'spki', format: 'der' });
  } catch (error) {
    if (error instanceof AuditError) throw error;
    return refuse('the key is neither PEM nor JWK');
  }
}

function jwkOf(json: string): JsonWebKey {
  const value: unknown = JSON.parse(json);
  const member = (name: string): string => {
    const text: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
    return typeof text === 'string' ? text : '';
  };
  return { kty: member('kty'), crv: member('crv'), x: member('x') };
}

function secretOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  if (/^[\w-]+=*$/.test(text) && bytes.length >= 32 && bytes.length <= 256) return bytes;
  throw new AuditError('invalid_parameter', {
    parameter: 'key',
    detail: 'HS256 needs 32 to 256 random bytes as base64url',
  });
}
