import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AuditError } from '../audit-error.ts';
import type { Database } from '../storage/index.ts';
import type { SecretBox } from './secret-box.ts';

/** A key by which a host application vouches for its own users. */
export interface ViewerKey {
  kid: string;
  /** `iss` of its tokens, letter by letter. */
  issuer: string;
  algorithm: 'EdDSA' | 'HS256';
  /** The only names of roles that its tokens may carry; null: every one but owner. */
  roles: string[] | null;
  /** ms */
  createdAt: number;
}

export interface ViewerKeyInput extends Omit<ViewerKey, 'kid' | 'createdAt'> {
  /** EdDSA: a public key as PEM or JWK (Ed25519). HS256: 32 to 256 random bytes as base64url. */
  key: string;
}

export interface ViewerKeys {
  /** Makes it, or puts another in its place. @throws invalid_parameter, forbidden */
  put(tenant: number, kid: string, input: ViewerKeyInput): Promise<ViewerKey>;
  list(tenant: number): Promise<ViewerKey[]>;
  /** @throws not_found */
  remove(tenant: number, kid: string): Promise<void>;
  /** With what its tokens are checked; known for two seconds. */
  find(tenant: number, kid: string): Promise<(ViewerKey & { material: KeyObject | Uint8Array }) | undefined>;
}

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
  type Found = Awaited<ReturnType<ViewerKeys['find']>>;
  const cache = new LRUCache<string, { found: Found; until: number }>({ max: cachedMax });
  return {
    async put(tenant, kid, input) {
      if (!/^[\w.-]{1,100}$/.test(kid))
        throw new AuditError('invalid_parameter', {
          parameter: 'kid',
          detail: 'kid: 1 to 100 of A-Z a-z 0-9 _ . -',
        });
      const bytes = input.algorithm === 'EdDSA' ? publicKeyOf(input.key) : box.seal(secretOf(input.key));
      const made = await database.write({ tenant, ledgers: [] }, (client) =>
        client.query<ViewerKey>(
          `insert into viewer_key (tenant, kid, issuer, algorithm, material, roles)
           select $1::integer, $2::text, $3, $4, $5::bytea, $6::text[]
           where (select count(*) from viewer_key where tenant = $1 and kid <> $2) < ${keysMax}
           on conflict (tenant, kid) do update set issuer = excluded.issuer, algorithm = excluded.algorithm,
             material = excluded.material, roles = excluded.roles, created_at = now() returning ${columns}`,
          [tenant, kid, input.issuer, input.algorithm, bytes, input.roles],
        ),
      );
      cache.delete(`${tenant}/${kid}`);
      const key = made.rows[0];
      if (!key) throw new AuditError('forbidden', { detail: `a tenant has at most ${keysMax} viewer keys` });
      return key;
    },
    async list(tenant) {
      const found = await database.write({ tenant, ledgers: [] }, (client) =>
        client.query<ViewerKey>(`select ${columns} from viewer_key where tenant = $1 order by kid`, [tenant]),
      );
      return found.rows;
    },
    async remove(tenant, kid) {
      const done = await database.write({ tenant, ledgers: [] }, (client) =>
        client.query('delete from viewer_key where tenant = $1 and kid = $2', [tenant, kid]),
      );
      cache.delete(`${tenant}/${kid}`);
      if (done.rowCount === 0) throw new AuditError('not_found', { detail: 'there is no such viewer key' });
    },
    async find(tenant, kid) {
      const cached = cache.get(`${tenant}/${kid}`);
      if (cached && cached.until > clock()) return cached.found;
      const rows = await database.write({ tenant, ledgers: [] }, (client) =>
        client.query<ViewerKey & { bytes: Buffer }>({
          name: 'viewer-key-find',
          text: `select ${columns}, material as bytes from viewer_key where tenant = $1 and kid = $2`,
          values: [tenant, kid],
        }),
      );
      const [row] = rows.rows;
      const material =
        row && (row.algorithm === 'EdDSA' ? createPublicKey(keyText(row.bytes)) : box.open(row.bytes));
      const found = row && material ? { ...row, material } : undefined;
      cache.set(`${tenant}/${kid}`, { found, until: clock() + cachedForMs });
      return found;
    },
  };
}

function keyText(bytes: Buffer): { key: Buffer; format: 'der'; type: 'spki' } {
  return { key: bytes, format: 'der', type: 'spki' };
}

/** @throws invalid_parameter, also for a private key: the host keeps that one */
function publicKeyOf(text: string): Buffer {
  const refuse = (detail: string): never => {
    throw new AuditError('invalid_parameter', { parameter: 'key', detail });
  };
  if (/PRIVATE KEY|"d"\s*:/.test(text)) refuse('that is a private key: keep it, and make another pair');
  try {
    const key = text.trimStart().startsWith('{')
      ? createPublicKey({ key: jwkOf(text), format: 'jwk' })
      : createPublicKey(text);
    if (key.asymmetricKeyType !== 'ed25519') return refuse('EdDSA keys are Ed25519 keys');
    return key.export({ type: 'spki', format: 'der' });
  } catch (error) {
    if (error instanceof AuditError) throw error;
    return refuse('neither PEM nor JWK');
  }
}

function jwkOf(text: string): JsonWebKey {
  const value: unknown = JSON.parse(text);
  const member = (name: string): string => {
    const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
    return typeof found === 'string' ? found : '';
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
