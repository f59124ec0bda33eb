import { createHash, randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { AuditError } from '../audit-error.ts';
import type { Database } from '../storage/index.ts';
import { makeBearerSecret, readBearerSecret } from './bearer-secret.ts';
import type { GrantPart } from '../access/index.ts';
import { isUuid, partOfUser, userColumns, type User } from './users.ts';

/** Where a session was begun. */
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

/** A person behind a session cookie, as he is permitted by now. */
export interface SignedIn {
  readonly user: User;
  readonly session: { readonly id: string; readonly csrf: string };
  readonly part: GrantPart;
}

export interface UserSessions {
  /** The cookie's value: told here and never again. */
  begin(user: Pick<User, 'tenant' | 'id'>, origin: Origin): Promise<string>;
  /** Undefined when over: signed out, revoked, idle or old, its user disabled or with a new password since. */
  authenticate(secret: string): Promise<SignedIn | undefined>;
  /** Those that are not over, newest first. */
  list(tenant: number, user: string): Promise<UserSession[]>;
  /** @throws not_found */
  revoke(tenant: number, user: string, id: string): Promise<void>;
  /** What this process remembers of a user's rights: others look again within two seconds. */
  forget(user: string): void;
  /** Ends all of a user's but the one named. */
  revokeOthers(tenant: number, user: string, keep?: string): Promise<void>;
}

export interface SessionLimits {
  readonly idleMinutes: number;
  readonly hoursMax: number;
}

/** How long another server's revocation stays unseen. */
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
  const cache = new LRUCache<string, { found: SignedIn | undefined; until: number }>({ max: cachedMax });
  const alive = `s.revoked_at is null and s.expires_at > now() and s.seen_at > now() - ${limits.idleMinutes} * interval '1 minute'`;
  const find = async (secret: string): Promise<SignedIn | undefined> => {
    const read = readBearerSecret(secret);
    if (!read) return undefined;
    const { tenant, hash } = read;
    const rows = await database.write({ tenant, ledgers: [] }, async (client) => {
      const result = await client.query<User & { session: string; seenAt: number }>({
        name: 'session-of',
        text: `select u.*, s.id as session, s.seen_at as "seenAt" from user_session s
         join (select stamp, ${userColumns} from user_account) u on u.tenant = s.tenant and u.id = s.user_id
         where s.tenant = $1 and s.hash = $2 and ${alive} and u.state = 'active' and u.stamp = s.stamp`,
        values: [tenant, hash],
      });
      const [row] = result.rows;
      if (row && row.seenAt < clock() - seenEveryMs)
        await client.query('update user_session set seen_at = now() where tenant = $1 and hash = $2', [
          tenant,
          hash,
        ]);
      return result.rows;
    });
    const [row] = rows;
    if (!row) return undefined;
    const { session, seenAt: _, ...user } = row;
    return { user, session: { id: session, csrf: csrfOf(secret) }, part: partOfUser(user) };
  };
  const forgetAll = (matches: (one: SignedIn) => boolean): void => {
    for (const [hash, { found }] of cache) if (found && matches(found)) cache.delete(hash);
  };
  return {
    async begin({ tenant, id }, { address, userAgent }) {
      const { secret, hash } = makeBearerSecret(tenant);
      await database.write({ tenant, ledgers: [] }, async (client) => {
        await client.query(
          `insert into user_session (tenant, hash, id, user_id, stamp, expires_at, address, user_agent)
           select tenant, $3, $4, id, stamp, now() + ${limits.hoursMax} * interval '1 hour', $5, $6
           from user_account where tenant = $1 and id = $2`,
          [tenant, id, hash, randomUUID(), address, userAgent?.slice(0, 300) ?? null],
        );
        await client.query('update user_account set last_sign_in_at = now() where tenant = $1 and id = $2', [
          tenant,
          id,
        ]);
        // What is over goes, and beyond the limit the oldest.
        await client.query(
          `delete from user_session s where tenant = $1 and user_id = $2 and (not (${alive}) or id in
           (select id from user_session where tenant = $1 and user_id = $2 order by created_at desc offset ${sessionsPerUserMax}))`,
          [tenant, id],
        );
      });
      return secret;
    },
    async authenticate(secret) {
      const hash = createHash('sha256').update(secret).digest('base64url');
      const cached = cache.get(hash);
      if (cached && cached.until > clock()) return cached.found;
      const found = await find(secret);
      cache.set(hash, { found, until: clock() + cachedForMs });
      return found;
    },
    async list(tenant, user) {
      if (!isUuid(user)) return [];
      const result = await database.write({ tenant, ledgers: [] }, (client) =>
        client.query<UserSession>(
          `select s.id, s.created_at as "createdAt", s.seen_at as "seenAt", s.expires_at as "expiresAt", s.address,
             s.user_agent as "userAgent" from user_session s join user_account u on u.tenant = s.tenant and u.id = s.user_id
           where s.tenant = $1 and s.user_id = $2 and ${alive} and s.stamp = u.stamp order by s.created_at desc, s.id`,
          [tenant, user],
        ),
      );
      return result.rows;
    },
    async revoke(tenant, user, id) {
      const done =
        isUuid(user) &&
        isUuid(id) &&
        (await database.write({ tenant, ledgers: [] }, (client) =>
          client.query(
            `update user_session set revoked_at = now() where tenant = $1 and user_id = $2 and id = $3 and revoked_at is null`,
            [tenant, user, id],
          ),
        ));
      if (done === false || done.rowCount === 0)
        throw new AuditError('not_found', { detail: 'there is no such session' });
      forgetAll((one) => one.session.id === id);
    },
    forget: (user) => forgetAll((one) => one.user.id === user),
    async revokeOthers(tenant, user, keep) {
      await database.write({ tenant, ledgers: [] }, (client) =>
        client.query(
          `update user_session set revoked_at = now()
           where tenant = $1 and user_id = $2 and revoked_at is null and ($3::uuid is null or id <> $3)`,
          [tenant, user, keep ?? null],
        ),
      );
      forgetAll((one) => one.user.id === user && one.session.id !== keep);
    },
  };
}

/** Shown to pages of the session itself; another site can send the cookie, but not know this. */
function csrfOf(secret: string): string {
  return createHash('sha256').update(`csrf ${secret}`).digest('base64url');
}
