import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { AuditError } from '../audit-error.ts';
import type { Client, Database, Scope } from '../storage/index.ts';
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
  const { database, tenantKeys } = options;
  const scope: Scope = { tenant: options.tenant, ledgers: [] };
  const keys = new Map<string, PersonKey | null>();
  const ids = new Map<string, number>();
  const profiles = new Map<number, string>();

  // Answers the tokens whose stored key somebody changed: it does not open.
  const remember = (rows: readonly PersonRow[]): string[] => {
    if (keys.size > cachedMax) keys.clear();
    const changed: string[] = [];
    for (const row of rows) {
      const token = row.token.toString('hex');
      const secret = row.key && unwrap(row.key, tenantKeys.wrapping);
      if (secret === undefined) changed.push(token);
      else keys.set(token, secret && deriveKeys(secret));
    }
    return changed;
  };
  const pick = (tokens: ReadonlySet<string>): Map<string, PersonKey | null> => {
    const picked = new Map<string, PersonKey | null>();
    for (const token of tokens) {
      const key = keys.get(token);
      if (key !== undefined) picked.set(token, key);
    }
    return picked;
  };
  const missing = (tokens: ReadonlySet<string>): Buffer[] =>
    [...tokens].filter((token) => !keys.has(token)).map((token) => Buffer.from(token, 'hex'));
  const loadKeys = async (tokens: ReadonlySet<string>): Promise<Map<string, PersonKey | null>> => {
    const unknown = missing(tokens);
    if (unknown.length === 0) return pick(tokens);
    const changed = remember(
      await database.write(scope, (client) => insertPersons(client, { ...options, tokens: unknown })),
    );
    if (changed.length > 0)
      throw new AuditError('internal', {
        operatorText: `the stored keys of ${changed.length} persons were changed: their events cannot be stored`,
      });
    return pick(tokens);
  };
  return {
    keys: loadKeys,
    async readKeys(client, tokens) {
      const unknown = missing(tokens);
      if (unknown.length === 0) return pick(tokens);
      const changed = remember(await selectPersons(client, options.tenant, unknown));
      const picked = pick(tokens);
      // A key that opens nothing: what depends on it shows as altered, not as erased.
      for (const token of changed) picked.set(token, deriveKeys(randomBytes(32)));
      return picked;
    },
    async profileIds(wanted) {
      const unknown = new Map<string, Profile>();
      for (const profile of wanted) {
        const name = profile.person + profile.canonical;
        if (!ids.has(name)) unknown.set(name, profile);
      }
      if (unknown.size > 0) {
        const personKeys = await loadKeys(new Set([...unknown.values()].map((profile) => profile.person)));
        if (ids.size > cachedMax) ids.clear();
        const rows = [...unknown].map(([name, profile]) =>
          profileRow(name, profile, personKeys.get(profile.person)),
        );
        const stored = await database.write(scope, (client) => insertProfiles(client, options.tenant, rows));
        for (const [name, id] of stored) ids.set(name, id);
      }
      return wanted.map((profile) => ids.get(profile.person + profile.canonical) ?? 0);
    },
    async readProfiles(client, wantedIds) {
      const unknown = [...wantedIds].filter((id) => !profiles.has(id));
      if (unknown.length === 0) return profiles;
      const found = await client.query<ProfileRow>({
        name: 'profiles',
        text: 'select id, person, bytes from profile where id = any($1::bigint[])',
        values: [unknown],
      });
      const personKeys = await this.readKeys(
        client,
        new Set(found.rows.map((row) => row.person.toString('hex'))),
      );
      if (profiles.size > cachedMax) profiles.clear();
      for (const row of found.rows) {
        const key = personKeys.get(row.person.toString('hex'));
        const canonical = key && unwrap(row.bytes, key.profile)?.toString('utf8');
        if (canonical !== undefined && canonical !== null) profiles.set(row.id, canonical);
      }
      return profiles;
    },
  };
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
  const found = await client.query<PersonRow>({
    name: 'persons',
    text: 'select token, key from person where tenant = $1 and token = any($2::bytea[])',
    values: [tenant, tokens],
  });
  return found.rows;
}

async function insertPersons(
  client: Client,
  options: { tenant: number; tenantKeys: TenantKeys; tokens: Buffer[] },
): Promise<PersonRow[]> {
  // In one order everywhere: two servers that meet the same new persons must not wait for each other.
  const tokens = [...options.tokens].sort(Buffer.compare);
  await client.query({
    name: 'insert-persons',
    text: 'insert into person (tenant, token, key) select $1, t, k from unnest($2::bytea[], $3::bytea[]) as p(t, k) on conflict do nothing',
    values: [options.tenant, tokens, tokens.map(() => wrap(randomBytes(32), options.tenantKeys.wrapping))],
  });
  return selectPersons(client, options.tenant, tokens);
}

interface NewProfile {
  name: string;
  person: Buffer;
  /** Null for a person who was erased: nothing is stored. */
  sealed: { digest: Buffer; bytes: Buffer } | null;
}

function profileRow(name: string, profile: Profile, key: PersonKey | null | undefined): NewProfile {
  const person = Buffer.from(profile.person, 'hex');
  if (!key) return { name, person, sealed: null };
  const canonical = Buffer.from(profile.canonical);
  const digest = hash('sha256', Buffer.concat([key.salt, canonical]), 'buffer').subarray(0, 16);
  return { name, person, sealed: { digest, bytes: wrap(canonical, key.profile) } };
}

async function insertProfiles(
  client: Client,
  tenant: number,
  rows: NewProfile[],
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
  const found = await client.query<{ id: number; digest: Buffer }>({
    name: 'profile-ids',
    text: `select id, digest from profile
     where tenant = $1 and (person, digest) in (select * from unnest($2::bytea[], $3::bytea[]))`,
    values: [tenant, persons, digests],
  });
  const idOf = new Map(found.rows.map((row) => [row.digest.toString('hex'), row.id]));
  return rows.map((row) => [row.name, (row.sealed && idOf.get(row.sealed.digest.toString('hex'))) ?? 0]);
}

function deriveKeys(secret: Buffer): PersonKey {
  const derive = (purpose: string): Buffer =>
    hash('sha256', Buffer.concat([secret, Buffer.from(purpose)]), 'buffer');
  return { salt: derive('salt'), text: derive('text'), profile: derive('profile') };
}

function wrap(plain: Buffer, key: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undefined when the bytes were not wrapped with this key, or changed since. */
function unwrap(bytes: Buffer, key: Buffer): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
