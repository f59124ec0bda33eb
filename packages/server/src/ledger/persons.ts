import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { AuditError } from '../audit-error.ts';
import type { Client, Database, RowAccess } from '../storage/index.ts';
import { createBatcher } from './batcher.ts';
import type { TenantKeys } from './tenant-keys.ts';

/** The keys of one person, all derived from one secret: erasing that erases them. */
export interface PersonKey {
  salt: Buffer;
  text: Buffer;
  profile: Buffer;
}

/** A person's name, address and agent as canonical JSON, stored once per distinct value. */
export interface Profile {
  /** Hex of the person's token. */
  person: string;
  canonical: string;
}

export interface Persons {
  /** Keys by hex token, making those that are missing. Null: the person was erased. */
  keys(tokens: ReadonlySet<string>): Promise<ReadonlyMap<string, PersonKey | null>>;
  /** Keys that exist, in a reader's transaction. */
  readKeys(client: Client, tokens: ReadonlySet<string>): Promise<ReadonlyMap<string, PersonKey | null>>;
  /** Ids of profiles in the order given, storing those that are new. 0 for a person who was erased. */
  profileIds(profiles: readonly Profile[]): Promise<number[]>;
  /** Canonical JSON of profiles by id; absent when erased or changed. */
  readProfiles(client: Client, ids: ReadonlySet<number>): Promise<ReadonlyMap<number, string>>;
}

const cachedMax = 100_000;
const nonceBytes = 12;
const tagBytes = 16;

/** Keys and profiles of one tenant's persons, cached; what is missing is made in a transaction of its own before the append. */
export function createPersons(options: {
  database: Database;
  tenant: number;
  tenantKeys: TenantKeys;
}): Persons {
  const { database, tenant, tenantKeys } = options;
  const scope: RowAccess = { tenant, ledgers: [] };
  const keys = createMemory<string, PersonKey | null>();
  const ids = createMemory<string, number>();
  const profiles = createMemory<number, string>();

  /** Null for a row whose key does not unwrap: somebody changed it. */
  const keyOf = (row: PersonRow): { key: PersonKey | null } | null => {
    const secret = row.key && unwrap(row.key, tenantKeys.wrapping);
    return secret === undefined ? null : { key: secret && deriveKeys(secret) };
  };
  const insertKeys = createBatcher<string>(async (tokens) => {
    const wanted = [...new Set(tokens)].map((token) => Buffer.from(token, 'hex'));
    const made = new Map(wanted.map((token) => [token.toString('hex'), makePerson(token, tenantKeys)]));
    const rows = await database.write(scope, (client) => insertPersons(client, tenant, [...made.values()]));
    for (const row of rows) {
      const token = row.token.toString('hex');
      const own = made.get(token);
      // What was made just now need not be unwrapped.
      const found = own && row.key?.equals(own.key) ? { key: deriveKeys(own.secret) } : keyOf(row);
      if (found) keys.set(token, found.key);
    }
  });
  const insertNewProfiles = createBatcher<NewProfile>(async (rows) => {
    const stored = await database.write(scope, (client) => insertProfiles(client, tenant, rows));
    for (const [name, id] of stored) ids.set(name, id);
  });
  const loadKeys = async (tokens: ReadonlySet<string>): Promise<ReadonlyMap<string, PersonKey | null>> => {
    const { found, missing } = keys.look(tokens);
    if (missing.length === 0) return found;
    await insertKeys(missing);
    const loaded = keys.look(missing);
    for (const [token, key] of loaded.found) found.set(token, key);
    if (loaded.missing.length === 0) return found;
    throw new AuditError('internal', {
      operatorText: `the stored keys of ${loaded.missing.length} persons were changed: their events cannot be stored`,
    });
  };
  const readKeys = async (
    client: Client,
    tokens: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, PersonKey | null>> => {
    const { found, missing } = keys.look(tokens);
    if (missing.length === 0) return found;
    for (const row of await selectPersons(
      client,
      tenant,
      missing.map((token) => Buffer.from(token, 'hex')),
    )) {
      const token = row.token.toString('hex');
      const read = keyOf(row);
      if (read) keys.set(token, read.key);
      // A key that opens nothing: what depends on it shows as altered, not as erased.
      found.set(token, read ? read.key : deriveKeys(randomBytes(32)));
    }
    return found;
  };
  return {
    keys: loadKeys,
    readKeys,
    async profileIds(wanted) {
      const names = wanted.map((profile) => profile.person + profile.canonical);
      const { found, missing } = ids.look(new Set(names));
      if (missing.length > 0) {
        const unknown = new Map(wanted.map((profile, place) => [names[place] ?? '', profile]));
        const fresh = missing.flatMap((name) => unknown.get(name) ?? []);
        const personKeys = await loadKeys(new Set(fresh.map((profile) => profile.person)));
        const rows = fresh.map((profile) => profileRow(profile, personKeys.get(profile.person)));
        await insertNewProfiles(rows);
        for (const [name, id] of ids.look(missing).found) found.set(name, id);
      }
      return names.map((name) => {
        const id = found.get(name);
        if (id === undefined) throw new Error('a profile was stored and is not there');
        return id;
      });
    },
    async readProfiles(client, wantedIds) {
      const { found, missing } = profiles.look(wantedIds);
      if (missing.length === 0) return found;
      const rows = await selectProfiles(client, missing);
      const personKeys = await readKeys(client, new Set(rows.map((row) => row.person.toString('hex'))));
      for (const row of rows) {
        const key = personKeys.get(row.person.toString('hex'));
        const canonical = key && unwrap(row.bytes, createSecretKey(key.profile))?.toString('utf8');
        if (canonical === undefined || canonical === null) continue;
        profiles.set(row.id, canonical);
        found.set(row.id, canonical);
      }
      return found;
    },
  };
}

interface Memory<Key, Value> {
  set(key: Key, value: Value): void;
  /** What is remembered of `wanted`, in a map of the caller's own, and the rest. */
  look(wanted: Iterable<Key>): { found: Map<Key, Value>; missing: Key[] };
}

/**
 * Remembers the last 100,000 to 200,000 values. What fills up is put aside whole and forgotten at the next time: a value
 * just set is never forgotten before its caller looks.
 */
function createMemory<Key, Value>(): Memory<Key, Value> {
  let young = new Map<Key, Value>();
  let old = new Map<Key, Value>();
  return {
    set(key, value) {
      if (young.size >= cachedMax) {
        old = young;
        young = new Map();
      }
      young.set(key, value);
    },
    look(wanted) {
      const found = new Map<Key, Value>();
      const missing: Key[] = [];
      for (const key of wanted) {
        const known = young.has(key) ? young : old;
        if (known.has(key)) found.set(key, known.get(key) as Value);
        else missing.push(key);
      }
      return { found, missing };
    },
  };
}

async function selectProfiles(client: Client, ids: readonly number[]): Promise<ProfileRow[]> {
  const result = await client.query<ProfileRow>({
    name: 'profiles',
    text: 'select id, person, bytes from profile where id = any($1::bigint[])',
    values: [ids],
  });
  return result.rows;
}

interface PersonRow {
  token: Buffer;
  key: Buffer | null;
}

interface ProfileRow {
  id: number;
  person: Buffer;
  bytes: Buffer;
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
  // In one order everywhere: two servers that meet the same new persons must not wait for each other.
  const sorted = persons.toSorted((a, b) => Buffer.compare(a.token, b.token));
  const tokens = sorted.map(({ token }) => token);
  await client.query({
    name: 'insert-persons',
    text: 'insert into person (tenant, token, key) select $1, t, k from unnest($2::bytea[], $3::bytea[]) as p(t, k) on conflict do nothing',
    values: [tenant, tokens, sorted.map(({ key }) => key)],
  });
  return selectPersons(client, tenant, tokens);
}

interface NewProfile {
  name: string;
  person: Buffer;
  /** Null for a person who was erased: nothing is stored. */
  sealed: { digest: Buffer; bytes: Buffer } | null;
}

function profileRow(profile: Profile, key: PersonKey | null | undefined): NewProfile {
  const name = profile.person + profile.canonical;
  const person = Buffer.from(profile.person, 'hex');
  if (!key) return { name, person, sealed: null };
  const canonical = Buffer.from(profile.canonical);
  const digest = hash('sha256', Buffer.concat([key.salt, canonical]), 'buffer').subarray(0, 16);
  return { name, person, sealed: { digest, bytes: wrap(canonical, createSecretKey(key.profile)) } };
}

async function insertProfiles(
  client: Client,
  tenant: number,
  rows: readonly NewProfile[],
): Promise<[string, number][]> {
  const byDigest = new Map<string, NewProfile>();
  for (const row of rows) if (row.sealed) byDigest.set(row.sealed.digest.toString('hex'), row);
  // In one order everywhere, as above.
  const sorted = [...byDigest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  const persons = sorted.map((row) => row.person);
  const digests = sorted.map((row) => row.sealed?.digest);
  await client.query({
    name: 'insert-profiles',
    text: `insert into profile (tenant, person, digest, bytes)
     select $1, p, d, b from unnest($2::bytea[], $3::bytea[], $4::bytea[]) as n(p, d, b) on conflict do nothing`,
    values: [tenant, persons, digests, sorted.map((row) => row.sealed?.bytes)],
  });
  const result = await client.query<{ id: number; digest: Buffer }>({
    name: 'profile-ids',
    text: `select id, digest from profile
     where tenant = $1 and (person, digest) in (select * from unnest($2::bytea[], $3::bytea[]))`,
    values: [tenant, persons, digests],
  });
  const idOf = new Map(result.rows.map((row) => [row.digest.toString('hex'), row.id]));
  return rows.map((row) => [row.name, (row.sealed && idOf.get(row.sealed.digest.toString('hex'))) ?? 0]);
}

function deriveKeys(secret: Buffer): PersonKey {
  const derive = (purpose: string): Buffer =>
    hash('sha256', Buffer.concat([secret, Buffer.from(purpose)]), 'buffer');
  return { salt: derive('salt'), text: derive('text'), profile: derive('profile') };
}

/** A third of the time that it takes with the key's bytes. */
function wrap(plain: Buffer, key: KeyObject): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined when the bytes were not wrapped with this key, or changed since. */
function unwrap(bytes: Buffer, key: KeyObject): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
