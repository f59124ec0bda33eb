import { createHash, randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AuditError } from '../audit-error.ts';
import type { Client, Database } from '../storage/index.ts';
import { makeBearerSecret, readBearerSecret } from './bearer-secret.ts';
import type { GrantPart } from '../access/index.ts';
import { isUuid, partOfUser, userColumns, type User } from './users.ts';

/** The address and the agent of a request that begins a session. */
export interface Origin {
  readonly address: string;
  readonly userAgent: string | undefined;
}

export interface UserSession {
  id: string;
  /** ms */
  createdAt: number;
  seenAt: number;
  expiresAt: number;
  address: string | null;
  userAgent: string | null;
}

/** The person behind a session cookie, with the rights that they have now. */
export interface SignedIn {
  readonly user: User;
  readonly session: { readonly id: string; readonly csrf: string };
  readonly part: GrantPart;
}

export interface UserSessions {
  /** Begins a session and returns the cookie's value, which nothing returns again. */
  begin(user: Pick<User, 'tenant' | 'id'>, origin: Origin): Promise<string>;
  /**
   * Undefined when the session is over: signed out, revoked, idle for too long or too old, or its user was disabled or got a
   * new password.
   */
  authenticate(secret: string): Promise<SignedIn | undefined>;
  /** The user's sessions that are not over, newest first. */
  list(tenant: number, user: string): Promise<UserSession[]>;
  /** @throws not_found */
  revoke(tenant: number, user: string, id: string): Promise<void>;
  /** Drops what this process has cached of a user's rights. Other processes read them again within two seconds. */
  forget(user: string): void;
  /** Ends all sessions of a user, except the one with the id `keep`. */
  revokeOthers(tenant: number, user: string, keep?: string): Promise<void>;
}

export interface SessionLimits {
  readonly idleMinutes: number;
  readonly hoursMax: number;
}

/** How long a revocation by another server may stay unseen. */
const cachedForMs = 2_000;
const cachedMax = 10_000;
const seenEveryMs = 30_000;
const sessionsPerUserMax = 50;

export function createUserSessions(options: {
  database: Database;
  limits: SessionLimits;
  clock: () => number;
}): UserSessions {
  const { database, limits, clock } = options;
  const { idleMinutes } = limits;
  const cache = new LRUCache<string, { signedIn: SignedIn; until: number }>({ max: cachedMax });
  const forgetAll = (matches: (signedIn: SignedIn) => boolean): void => {
    for (const [hash, { signedIn }] of cache) if (matches(signedIn)) cache.delete(hash);
  };
  return {
    async begin({ tenant, id }, origin) {
      const { secret, hash } = makeBearerSecret(tenant);
      await database.write({ tenant, ledgers: [] }, async (client) => {
        await insertSession(client, { tenant, user: id, hash, origin, hoursMax: limits.hoursMax });
        await noteSignIn(client, tenant, id);
        await deleteOld(client, { tenant, user: id, idleMinutes });
      });
      return secret;
    },
    async authenticate(secret) {
      const hash = createHash('sha256').update(secret).digest('base64url');
      const cached = cache.get(hash);
      if (cached && cached.until > clock()) return cached.signedIn;
      const signedIn = await selectSignedIn(database, secret, { idleMinutes, now: clock() });
      if (signedIn) cache.set(hash, { signedIn, until: clock() + cachedForMs });
      else cache.delete(hash);
      return signedIn;
    },
    list: (tenant, user) => selectSessions(database, { tenant, user, idleMinutes }),
    async revoke(tenant, user, id) {
      const revoked = await revokeSession(database, { tenant, user, id });
      if (!revoked) throw new AuditError('not_found', { detail: 'there is no such session' });
      forgetAll(({ session }) => session.id === id);
    },
    forget: (user) => forgetAll((signedIn) => signedIn.user.id === user),
    async revokeOthers(tenant, user, keep) {
      await revokeSessions(database, { tenant, user, keep });
      forgetAll((signedIn) => signedIn.user.id === user && signedIn.session.id !== keep);
    },
  };
}

/** SQL: whether the session `s` is neither signed out nor too old nor idle for too long. */
function isAlive(idleMinutes: number): string {
  return `s.revoked_at is null and s.expires_at > now() and s.seen_at > now() - ${idleMinutes} * interval '1 minute'`;
}

async function insertSession(
  client: Client,
  session: { tenant: number; user: string; hash: Buffer; origin: Origin; hoursMax: number },
): Promise<void> {
  const { tenant, user, hash, origin, hoursMax } = session;
  await client.query(
    `insert into user_session (tenant, hash, id, user_id, stamp, expires_at, address, user_agent)
     select tenant, $3, $4, id, stamp, now() + ${hoursMax} * interval '1 hour', $5, $6
     from user_account where tenant = $1 and id = $2`,
    [tenant, user, hash, randomUUID(), origin.address, origin.userAgent?.slice(0, 300) ?? null],
  );
}

async function noteSignIn(client: Client, tenant: number, user: string): Promise<void> {
  await client.query('update user_account set last_sign_in_at = now() where tenant = $1 and id = $2', [
    tenant,
    user,
  ]);
}

/** Deletes the user's sessions that are over, and the oldest ones beyond the limit. */
async function deleteOld(
  client: Client,
  { tenant, user, idleMinutes }: { tenant: number; user: string; idleMinutes: number },
): Promise<void> {
  await client.query(
    `delete from user_session s where tenant = $1 and user_id = $2 and (not (${isAlive(idleMinutes)}) or id in
     (select id from user_session where tenant = $1 and user_id = $2 order by created_at desc offset ${sessionsPerUserMax}))`,
    [tenant, user],
  );
}

/** The person behind a cookie, or undefined. Notes at most every `seenEveryMs` that the session was used. */
async function selectSignedIn(
  database: Database,
  secret: string,
  { idleMinutes, now }: { idleMinutes: number; now: number },
): Promise<SignedIn | undefined> {
  const parsed = readBearerSecret(secret);
  if (!parsed) return undefined;
  const { tenant, hash } = parsed;
  const row = await database.write({ tenant, ledgers: [] }, async (client) => {
    const result = await client.query<User & { session: string; seenAt: number }>({
      name: 'session-of',
      text: `select u.*, s.id as session, s.seen_at as "seenAt" from user_session s
       join (select stamp, ${userColumns} from user_account) u on u.tenant = s.tenant and u.id = s.user_id
       where s.tenant = $1 and s.hash = $2 and ${isAlive(idleMinutes)} and u.state = 'active' and u.stamp = s.stamp`,
      values: [tenant, hash],
    });
    const session = result.rows[0];
    if (session && session.seenAt < now - seenEveryMs)
      await client.query('update user_session set seen_at = now() where tenant = $1 and hash = $2', [
        tenant,
        hash,
      ]);
    return session;
  });
  if (!row) return undefined;
  const { session, seenAt: _, ...user } = row;
  return { user, session: { id: session, csrf: csrfOf(secret) }, part: partOfUser(user) };
}

async function selectSessions(
  database: Database,
  { tenant, user, idleMinutes }: { tenant: number; user: string; idleMinutes: number },
): Promise<UserSession[]> {
  if (!isUuid(user)) return [];
  const result = await database.write({ tenant, ledgers: [] }, (client) =>
    client.query<UserSession>(
      `select s.id, s.created_at as "createdAt", s.seen_at as "seenAt", s.expires_at as "expiresAt", s.address,
         s.user_agent as "userAgent" from user_session s join user_account u on u.tenant = s.tenant and u.id = s.user_id
       where s.tenant = $1 and s.user_id = $2 and ${isAlive(idleMinutes)} and s.stamp = u.stamp order by s.created_at desc, s.id`,
      [tenant, user],
    ),
  );
  return result.rows;
}

/** False when the user has no such session, or it was revoked before. */
async function revokeSession(
  database: Database,
  { tenant, user, id }: { tenant: number; user: string; id: string },
): Promise<boolean> {
  if (!isUuid(user) || !isUuid(id)) return false;
  const revoked = await database.write({ tenant, ledgers: [] }, (client) =>
    client.query(
      `update user_session set revoked_at = now() where tenant = $1 and user_id = $2 and id = $3 and revoked_at is null`,
      [tenant, user, id],
    ),
  );
  return revoked.rowCount !== 0;
}

async function revokeSessions(
  database: Database,
  { tenant, user, keep }: { tenant: number; user: string; keep: string | undefined },
): Promise<void> {
  await database.write({ tenant, ledgers: [] }, (client) =>
    client.query(
      `update user_session set revoked_at = now()
       where tenant = $1 and user_id = $2 and revoked_at is null and ($3::uuid is null or id <> $3)`,
      [tenant, user, keep ?? null],
    ),
  );
}

/** Only pages of the session get this token. Another site can make the browser send the cookie, but it cannot know the token. */
function csrfOf(secret: string): string {
  return createHash('sha256').update(`csrf ${secret}`).digest('base64url');
}
