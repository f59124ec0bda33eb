import { createSecretKey, hash } from 'node:crypto';
import type { Client, Database } from '../storage/index.ts';
import { createBatcher } from './batcher.ts';
import type { PersonKey, PersonKeys } from './person-keys.ts';
import { createMemory } from './person-memory.ts';
import { unwrap, wrap } from './wrap-bytes.ts';

/** A person's name, address and agent as canonical JSON, stored once per distinct value. */
export interface Profile {
  /** Hex of the person's token. */
  person: string;
  canonical: string;
}

export interface Profiles {
  /** Ids of profiles in the order given; stores the new ones. 0 for a person who was erased. */
  ids(profiles: readonly Profile[]): Promise<number[]>;
  /** Canonical JSON of profiles by id; a profile that was erased or changed is absent. */
  read(client: Client, ids: ReadonlySet<number>): Promise<ReadonlyMap<number, string>>;
}

export function createProfiles(
  { database, tenant }: { database: Database; tenant: number },
  keys: PersonKeys,
): Profiles {
  const idMemory = createMemory<string, number>();
  const textMemory = createMemory<number, string>();
  const insertMissing = createBatcher<NewProfile>(async (rows) => {
    const stored = await database.write({ tenant, ledgers: [] }, (client) =>
      insertProfiles(client, tenant, rows),
    );
    for (const [name, id] of stored) idMemory.set(name, id);
  });
  return {
    async ids(wanted) {
      const names = wanted.map((profile) => profile.person + profile.canonical);
      const { cached, missing } = idMemory.look(new Set(names));
      if (missing.length > 0) {
        const byName = new Map(wanted.map((profile, position) => [names[position] ?? '', profile]));
        const fresh = missing.flatMap((name) => byName.get(name) ?? []);
        const personKeys = await keys.load(new Set(fresh.map((profile) => profile.person)));
        const rows = fresh.map((profile) => profileRow(profile, personKeys.get(profile.person)));
        await insertMissing(rows);
        for (const [name, id] of idMemory.look(missing).cached) cached.set(name, id);
      }
      return names.map((name) => {
        const id = cached.get(name);
        if (id === undefined) throw new Error('a profile was stored, but its id was not returned');
        return id;
      });
    },
    async read(client, wantedIds) {
      const { cached, missing } = textMemory.look(wantedIds);
      if (missing.length === 0) return cached;
      const rows = await selectProfiles(client, missing);
      const personKeys = await keys.read(client, new Set(rows.map((row) => row.person.toString('hex'))));
      for (const row of rows) {
        const key = personKeys.get(row.person.toString('hex'));
        const canonical = key && unwrap(row.bytes, createSecretKey(key.profile))?.toString('utf8');
        if (canonical === undefined || canonical === null) continue;
        textMemory.set(row.id, canonical);
        cached.set(row.id, canonical);
      }
      return cached;
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

interface ProfileRow {
  id: number;
  person: Buffer;
  bytes: Buffer;
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
  // Every server inserts in the same order, as for persons.
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
