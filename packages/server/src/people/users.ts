import { randomUUID } from 'node:crypto';
import { AuditError } from '../audit-error.ts';
import { sqlState, type Client, type Database } from '../storage/index.ts';
import { partOf, permittedWithin, type GrantPart, type Reach, type RoleName } from '../access/index.ts';

/** Reach of a user; that of actions is for roles of packs. */
type UserScope = Exclude<Reach['kind'], 'actions'>;

/** Somebody who signs in to Bitácora itself. */
export interface User {
  id: string;
  tenant: number;
  email: string;
  name: string;
  role: RoleName;
  scope: UserScope;
  /** The id by which host applications know the person: its entries are the person's own. */
  hostId: string | null;
  modules: string[];
  subjects: string[];
  ledgers: string[] | null;
  /** On top of those of the role. */
  permissions: string[];
  state: 'invited' | 'active' | 'disabled';
  /** Whether signing in needs a code. */
  totp: boolean;
  /** ms */
  createdAt: number;
  lastSignInAt: number | null;
}

export type UserInput = Pick<User, 'email' | 'name' | 'role'> &
  Partial<Pick<User, 'scope' | 'hostId' | 'modules' | 'subjects' | 'ledgers' | 'permissions'>>;
export type UserChange = Partial<Omit<UserInput, 'email'>> & { state?: 'active' | 'disabled' };

export interface Users {
  /** In the state `invited`. @throws already_exists */
  create(tenant: number, input: UserInput): Promise<User>;
  list(tenant: number): Promise<User[]>;
  get(tenant: number, id: string): Promise<User | undefined>;
  byEmail(tenant: number, email: string): Promise<User | undefined>;
  /** In force everywhere within two seconds. @throws not_found; forbidden when no owner would be left */
  change(tenant: number, id: string, change: UserChange): Promise<User>;
  /** Another e-mail. @throws already_exists */
  rename(user: User, email: string): Promise<void>;
  /** @throws not_found; forbidden for the last owner */
  remove(tenant: number, id: string): Promise<void>;
}

const usersMax = 10_000;
export const userColumns = `tenant, id, email, name, role, scope, host_id as "hostId", modules, subjects, ledgers,
  permissions, state, totp_confirmed as totp, created_at as "createdAt", last_sign_in_at as "lastSignInAt"`;

/** The table of users. What is written here is read by every server at once. */
export function createUsers(database: Database): Users {
  const inTenant = <T>(tenant: number, use: (client: Client) => Promise<T>): Promise<T> =>
    database.write({ tenant, ledgers: [] }, use);
  const get = (tenant: number, id: string): Promise<User | undefined> =>
    inTenant(tenant, async (client) => {
      const text = `select ${userColumns} from user_account where tenant = $1 and id = $2`;
      return isUuid(id) ? (await client.query<User>(text, [tenant, id])).rows[0] : undefined;
    });
  return {
    get,
    async create(tenant, input) {
      const { email, name, role, hostId = null, modules = [], subjects = [] } = input;
      const values = [tenant, randomUUID(), normalEmail(email), name, role, input.scope ?? scopeOfRole(role)];
      try {
        const made = await inTenant(tenant, (client) =>
          client.query<User>(
            `insert into user_account (tenant, id, email, name, role, scope, host_id, modules, subjects, ledgers, permissions, state)
             select $1::integer, $2::uuid, $3, $4, $5, $6, $7, $8::text[], $9::text[], $10::text[], $11::text[], 'invited'
             where (select count(*) from user_account where tenant = $1) < ${usersMax} returning ${userColumns}`,
            [...values, hostId, modules, subjects, input.ledgers ?? null, input.permissions ?? []],
          ),
        );
        const user = made.rows[0];
        if (!user) throw new AuditError('forbidden', { detail: `a tenant has at most ${usersMax} users` });
        return user;
      } catch (error) {
        return refuseTaken(error);
      }
    },
    list: (tenant) =>
      inTenant(
        tenant,
        async (client) =>
          (
            await client.query<User>(
              `select ${userColumns} from user_account where tenant = $1 order by created_at, id`,
              [tenant],
            )
          ).rows,
      ),
    byEmail: (tenant, email) =>
      inTenant(
        tenant,
        async (client) =>
          (
            await client.query<User>(
              `select ${userColumns} from user_account where tenant = $1 and email = $2`,
              [tenant, normalEmail(email)],
            )
          ).rows[0],
      ),
    change: (tenant, id, change) =>
      inTenant(tenant, async (client) => {
        await lockTenant(client, tenant);
        const before = isUuid(id)
          ? (
              await client.query<User>(
                `select ${userColumns} from user_account where tenant = $1 and id = $2`,
                [tenant, id],
              )
            ).rows[0]
          : undefined;
        if (!before) throw missing();
        if (change.state === 'active' && before.state === 'invited')
          throw new AuditError('forbidden', {
            parameter: 'state',
            detail: 'the invitation was not accepted yet',
          });
        const after = { ...before, ...change };
        if (change.role !== undefined && change.scope === undefined) after.scope = scopeOfRole(change.role);
        const disabled = change.state === 'disabled' && before.state !== 'disabled';
        await client.query(
          `update user_account set name = $3, role = $4, scope = $5, host_id = $6, modules = $7, subjects = $8,
             ledgers = $9, permissions = $10, state = $11, stamp = stamp + $12 where tenant = $1 and id = $2`,
          [
            ...[tenant, id, after.name, after.role, after.scope, after.hostId, after.modules, after.subjects],
            ...[after.ledgers, after.permissions, after.state, disabled ? 1 : 0],
          ],
        );
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
        const gone = isUuid(id)
          ? (
              await client.query<User>(
                `delete from user_account where tenant = $1 and id = $2 returning ${userColumns}`,
                [tenant, id],
              )
            ).rows[0]
          : undefined;
        if (!gone) throw missing();
        await requireOwner(client, tenant, gone);
      }),
  };
}

/** Two owners who remove each other at the same moment wait for one another. */
async function lockTenant(client: Client, tenant: number): Promise<void> {
  await client.query('select pg_advisory_xact_lock(7203544, $1)', [tenant]);
}

async function requireOwner(client: Client, tenant: number, before: User): Promise<void> {
  if (before.role !== 'owner' || before.state !== 'active') return;
  const left = await client.query(
    "select 1 from user_account where tenant = $1 and role = 'owner' and state = 'active' limit 1",
    [tenant],
  );
  if (left.rowCount === 0)
    throw new AuditError('forbidden', { detail: 'the last owner stays: make another one first' });
}

function refuseTaken(error: unknown): never {
  if (sqlState(error) !== '23505') throw error;
  throw new AuditError('already_exists', { parameter: 'email', detail: 'there is a user of that e-mail' });
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

/** What a user is permitted, and where. */
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
