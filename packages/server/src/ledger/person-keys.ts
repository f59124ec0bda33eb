import { hash, randomBytes } from 'node:crypto';
import { AuditError } from '../audit-error.ts';
import type { Client, Database } from '../storage/index.ts';
import { createBatcher } from './batcher.ts';
import { createMemory } from './person-memory.ts';
import type { TenantKeys } from './tenant-keys.ts';
import { unwrap, wrap } from './wrap-bytes.ts';

/** The keys of one person. All are derived from one secret, so erasing the secret erases them. */
export interface PersonKey {
  salt: Buffer;
  text: Buffer;
  profile: Buffer;
}

export interface PersonKeys {
  /** Keys by hex token; makes the missing ones. Null: the person was erased. */
  load(tokens: ReadonlySet<string>): Promise<ReadonlyMap<string, PersonKey | null>>;
  /** The keys that exist, read in the caller's transaction; makes none. */
  read(client: Client, tokens: ReadonlySet<string>): Promise<ReadonlyMap<string, PersonKey | null>>;
}

export function createPersonKeys(options: {
  database: Database;
  tenant: number;
  tenantKeys: TenantKeys;
}): PersonKeys {
  const { database, tenant, tenantKeys } = options;
  const memory = createMemory<string, PersonKey | null>();
  const insertMissing = createBatcher<string>(async (tokens) => {
    const wanted = [...new Set(tokens)].map((token) => Buffer.from(token, 'hex'));
    const drawn = new Map(wanted.map((token) => [token.toString('hex'), makePerson(token, tenantKeys)]));
    const rows = await database.write({ tenant, ledgers: [] }, (client) =>
      insertPersons(client, tenant, [...drawn.values()]),
    );
    for (const row of rows) {
      const token = row.token.toString('hex');
      const own = drawn.get(token);
      // A secret that this call made need not be unwrapped.
      const stored =
        own && row.key?.equals(own.key) ? { key: deriveKeys(own.secret) } : keyOf(row, tenantKeys);
      if (stored) memory.set(token, stored.key);
    }
  });
  return {
    async load(tokens) {
      const { cached, missing } = memory.look(tokens);
      if (missing.length === 0) return cached;
      await insertMissing(missing);
      const loaded = memory.look(missing);
      for (const [token, key] of loaded.cached) cached.set(token, key);
      if (loaded.missing.length === 0) return cached;
      throw new AuditError('internal', {
        operatorText: `the stored keys of ${loaded.missing.length} persons were changed: their events cannot be stored`,
      });
    },
    async read(client, tokens) {
      const { cached, missing } = memory.look(tokens);
      if (missing.length === 0) return cached;
      const buffers = missing.map((token) => Buffer.from(token, 'hex'));
      for (const row of await selectPersons(client, tenant, buffers)) {
        const token = row.token.toString('hex');
        const stored = keyOf(row, tenantKeys);
        if (stored) memory.set(token, stored.key);
        // A random key decrypts nothing, so the values of a changed key show as altered and not as erased.
        cached.set(token, stored ? stored.key : deriveKeys(randomBytes(32)));
      }
      return cached;
    },
  };
}

/** The key of a stored person: `{ key: null }` for an erased one, null for a row whose key somebody changed. */
function keyOf(row: PersonRow, { wrapping }: TenantKeys): { key: PersonKey | null } | null {
  const secret = row.key && unwrap(row.key, wrapping);
  return secret === undefined ? null : { key: secret && deriveKeys(secret) };
}

interface PersonRow {
  token: Buffer;
  key: Buffer | null;
}

async function selectPersons(client: Client, tenant: number, tokens: Buffer[]): Promise<PersonRow[]> {
  const result = await client.query<PersonRow>({
    name: 'persons',
    text: 'select token, key from person where tenant = $1 and token = any($2::bytea[])',
    values: [tenant, tokens],
  });
  return result.rows;
}

interface NewPerson {
  token: Buffer;
  secret: Buffer;
  /** The secret, wrapped. */
  key: Buffer;
}

function makePerson(token: Buffer, { wrapping }: TenantKeys): NewPerson {
  const secret = randomBytes(32);
  return { token, secret, key: wrap(secret, wrapping) };
}

async function insertPersons(
  client: Client,
  tenant: number,
  persons: readonly NewPerson[],
): Promise<PersonRow[]> {
  // Every server inserts in the same order, so two that insert the same new persons do not deadlock.
  const sorted = persons.toSorted((a, b) => Buffer.compare(a.token, b.token));
  const tokens = sorted.map(({ token }) => token);
  await client.query({
    name: 'insert-persons',
    text: 'insert into person (tenant, token, key) select $1, t, k from unnest($2::bytea[], $3::bytea[]) as p(t, k) on conflict do nothing',
    values: [tenant, tokens, sorted.map(({ key }) => key)],
  });
  return selectPersons(client, tenant, tokens);
}

function deriveKeys(secret: Buffer): PersonKey {
  const derive = (purpose: string): Buffer =>
    hash('sha256', Buffer.concat([secret, Buffer.from(purpose)]), 'buffer');
  return { salt: derive('salt'), text: derive('text'), profile: derive('profile') };
}
