import { randomUUID } from 'node:crypto';
import { AuditError } from '../audit-error.ts';
import { sqlState, type Client, type Database } from '../storage/index.ts';
import { partOf, permittedWithin, type GrantPart, type Reach, type RoleName } from '../access/index.ts';

/** The kinds of reach that a user can have; `actions` is only for roles of packs. */
type UserScope = Exclude<Reach['kind'], 'actions'>;

/** A person who signs in to Bitácora itself. */
export interface User {
  id: string;
  tenant: number;
  email: string;
  name: string;
  role: RoleName;
  scope: UserScope;
  /** The person's id in the host application: entries with it as actor or subject are the person's own. */
  hostId: string | null;
  modules: string[];
  subjects: string[];
  ledgers: string[] | null;
  /** Permissions beside those of the role. */
  permissions: string[];
  state: 'invited' | 'active' | 'disabled';
  /** Whether the user must give a code when they sign in. */
  totp: boolean;
  /** ms */
  createdAt: number;
  lastSignInAt: number | null;
}

export type UserInput = Pick<User, 'email' | 'name' | 'role'> &
  Partial<Pick<User, 'scope' | 'hostId' | 'modules' | 'subjects' | 'ledgers' | 'permissions'>>;
export type UserChange = Partial<Omit<UserInput, 'email'>> & { state?: 'active' | 'disabled' };

export interface Users {
  /** Makes a user in the state `invited`. @throws already_exists */
  create(tenant: number, input: UserInput): Promise<User>;
  list(tenant: number): Promise<User[]>;
  get(tenant: number, id: string): Promise<User | undefined>;
  byEmail(tenant: number, email: string): Promise<User | undefined>;
  /** In force everywhere within two seconds. @throws not_found; forbidden when no owner would be left */
  change(tenant: number, id: string, change: UserChange): Promise<User>;
  /** Gives the user another e-mail. @throws already_exists */
  rename(user: User, email: string): Promise<void>;
  /** @throws not_found; forbidden for the last owner */
  remove(tenant: number, id: string): Promise<void>;
}

const usersMax = 10_000;
export const userColumns = `tenant, id, email, name, role, scope, host_id as "hostId", modules, subjects, ledgers,
  permissions, state, totp_confirmed as totp, created_at as "createdAt", last_sign_in_at as "lastSignInAt"`;

/** The table of users. Nothing is cached here: every server reads a change at once. */
export function createUsers(database: Database): Users {
  const inTenant = <T>(tenant: number, use: (client: Client) => Promise<T>): Promise<T> =>
    database.write({ tenant, ledgers: [] }, use);
  return {
    get: (tenant, id) => inTenant(tenant, (client) => selectById(client, tenant, id)),
    async create(tenant, input) {
      const user = await inTenant(tenant, (client) => insertUser(client, tenant, input)).catch(refuseTaken);
      if (!user) throw new AuditError('forbidden', { detail: `a tenant has at most ${usersMax} users` });
      return user;
    },
    list: (tenant) => inTenant(tenant, (client) => selectAll(client, tenant)),
    byEmail: (tenant, email) => inTenant(tenant, (client) => selectByEmail(client, tenant, email)),
    change: (tenant, id, change) =>
      inTenant(tenant, async (client) => {
        await lockTenant(client, tenant);
        const before = await selectById(client, tenant, id);
        if (!before) throw missing();
        const after = changed(before, change);
        const disabled = after.state === 'disabled' && before.state !== 'disabled';
        await updateUser(client, after, { endSessions: disabled });
        await requireOwner(client, tenant, before);
        return after;
      }),
    async rename({ tenant, id }, email) {
      await inTenant(tenant, (client) =>
        client.query('update user_account set email = $3 where tenant = $1 and id = $2', [tenant, id, email]),
      ).catch(refuseTaken);
    },
    remove: (tenant, id) =>
      inTenant(tenant, async (client) => {
        await lockTenant(client, tenant);
        const removed = await deleteUser(client, tenant, id);
        if (!removed) throw missing();
        await requireOwner(client, tenant, removed);
      }),
  };
}

async function selectById(client: Client, tenant: number, id: string): Promise<User | undefined> {
  if (!isUuid(id)) return undefined;
  const text = `select ${userColumns} from user_account where tenant = $1 and id = $2`;
  return (await client.query<User>(text, [tenant, id])).rows[0];
}

async function selectByEmail(client: Client, tenant: number, email: string): Promise<User | undefined> {
  const text = `select ${userColumns} from user_account where tenant = $1 and email = $2`;
  return (await client.query<User>(text, [tenant, normalEmail(email)])).rows[0];
}

async function selectAll(client: Client, tenant: number): Promise<User[]> {
  const text = `select ${userColumns} from user_account where tenant = $1 order by created_at, id`;
  return (await client.query<User>(text, [tenant])).rows;
}

/** Undefined when the tenant has as many users as it may have. */
async function insertUser(client: Client, tenant: number, input: UserInput): Promise<User | undefined> {
  const inserted = await client.query<User>(
    `insert into user_account (tenant, id, email, name, role, scope, host_id, modules, subjects, ledgers, permissions, state)
     select $1::integer, $2::uuid, $3, $4, $5, $6, $7, $8::text[], $9::text[], $10::text[], $11::text[], 'invited'
     where (select count(*) from user_account where tenant = $1) < ${usersMax} returning ${userColumns}`,
    [
      tenant,
      randomUUID(),
      normalEmail(input.email),
      input.name,
      input.role,
      input.scope ?? scopeOfRole(input.role),
      input.hostId ?? null,
      input.modules ?? [],
      input.subjects ?? [],
      input.ledgers ?? null,
      input.permissions ?? [],
    ],
  );
  return inserted.rows[0];
}

/** The user with the change applied. A new role brings its own scope unless the change names one. @throws forbidden */
function changed(before: User, change: UserChange): User {
  if (change.state === 'active' && before.state === 'invited')
    throw new AuditError('forbidden', {
      parameter: 'state',
      detail: 'the invitation was not accepted yet',
    });
  const after = { ...before, ...change };
  if (change.role !== undefined && change.scope === undefined) after.scope = scopeOfRole(change.role);
  return after;
}

/** `endSessions`: a session counts only while it carries the user's present `stamp`. */
async function updateUser(
  client: Client,
  user: User,
  { endSessions }: { endSessions: boolean },
): Promise<void> {
  await client.query(
    `update user_account set name = $3, role = $4, scope = $5, host_id = $6, modules = $7, subjects = $8,
       ledgers = $9, permissions = $10, state = $11, stamp = stamp + $12 where tenant = $1 and id = $2`,
    [
      user.tenant,
      user.id,
      user.name,
      user.role,
      user.scope,
      user.hostId,
      user.modules,
      user.subjects,
      user.ledgers,
      user.permissions,
      user.state,
      endSessions ? 1 : 0,
    ],
  );
}

async function deleteUser(client: Client, tenant: number, id: string): Promise<User | undefined> {
  if (!isUuid(id)) return undefined;
  const text = `delete from user_account where tenant = $1 and id = $2 returning ${userColumns}`;
  return (await client.query<User>(text, [tenant, id])).rows[0];
}

/** Taken before a user is changed or removed: when two owners remove each other at once, the second one fails. */
async function lockTenant(client: Client, tenant: number): Promise<void> {
  await client.query('select pg_advisory_xact_lock(7203544, $1)', [tenant]);
}

/** After a change or removal of `before`. @throws forbidden when the tenant has no active owner any more */
async function requireOwner(client: Client, tenant: number, before: User): Promise<void> {
  if (before.role !== 'owner' || before.state !== 'active') return;
  const left = await client.query(
    "select 1 from user_account where tenant = $1 and role = 'owner' and state = 'active' limit 1",
    [tenant],
  );
  if (left.rowCount === 0)
    throw new AuditError('forbidden', { detail: 'this is the last active owner: make another owner first' });
}

function refuseTaken(error: unknown): never {
  if (sqlState(error) !== '23505') throw error;
  throw new AuditError('already_exists', { parameter: 'email', detail: 'another user has this e-mail' });
}

function missing(): AuditError {
  return new AuditError('not_found', { parameter: 'id', detail: 'there is no such user' });
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

export function normalEmail(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}

function scopeOfRole(role: RoleName): UserScope {
  return role === 'viewer' || role === 'ingest' ? 'own' : 'all';
}

/** The permissions and the reach of a user. */
export function partOfUser(user: User): GrantPart {
  const { permissions } = partOf(user.role, user.hostId ?? '');
  const reach = reachOf(user);
  const all = [...permissions, ...user.permissions];
  return { permissions: permittedWithin(reach, all), reach };
}

function reachOf({ scope, hostId, modules, subjects }: User): Reach {
  switch (scope) {
    case 'all':
      return { kind: 'all' };
    case 'own':
      return { kind: 'own', hostId: hostId ?? '' };
    case 'modules':
      return { kind: 'modules', modules };
    case 'subjects':
      return { kind: 'subjects', subjects };
  }
}
