import { createHmac } from 'node:crypto';
import { AuditError } from '../audit-error.ts';
import type { Database } from '../storage/index.ts';
import type { OneTimeLinks } from './one-time-links.ts';
import { requireGood, type Passwords } from './passwords.ts';
import type { Attempt, SignInGuard } from './sign-in-guard.ts';
import type { TotpCodes } from './totp.ts';
import type { Tenant } from '../access/index.ts';
import type { Origin, UserSessions } from './user-sessions.ts';
import { normalEmail, type User, type Users } from './users.ts';

export type SignInAnswer =
  | { readonly kind: 'signed_in'; readonly user: User; readonly cookie: string }
  /** The password was right; `pending` and a code finish it within five minutes. */
  | { readonly kind: 'code_needed'; readonly pending: string }
  /** Nothing is said of what was wrong; `user` is for the record. */
  | {
      readonly kind: 'refused';
      readonly user: User | undefined;
      /** This failure was the one too many. */ readonly lockedNow: boolean;
    }
  /** Nothing was looked at. */
  | { readonly kind: 'locked'; readonly retryAfterSeconds: number };

export interface SignIn {
  withPassword(
    input: { tenant: Tenant; email: string; password: string },
    origin: Origin,
  ): Promise<SignInAnswer>;
  /** The second step. */
  withCode(input: { pending: string; code: string }, origin: Origin): Promise<SignInAnswer>;
  /** Someone whom an identity provider vouches for. @throws forbidden when disabled */
  withIdentity(user: User, origin: Origin): Promise<string>;
  /** Takes a link, sets the password, activates the user. @throws not_found, invalid_parameter */
  withLink(
    input: { secret: string; password: string; /** The first owner chooses his. */ email: string },
    origin: Origin,
  ): Promise<{ user: User; cookie: string; purpose: string }>;
  /** Whether another reset may be sent now: a few an hour, to one account and from one address. */
  mayReset(user: User, origin: Origin): Promise<boolean>;
  /** Sets a new password and ends all of the user's sessions. @throws forbidden when the old one is wrong */
  changePassword(user: User, input: { old: string; password: string }, origin: Origin): Promise<void>;
}

const wrongTextMax = 320;

export function createSignIn(options: {
  database: Database;
  users: Users;
  passwords: Passwords;
  links: OneTimeLinks;
  sessions: UserSessions;
  guard: SignInGuard;
  totp: TotpCodes;
  /** Keys the hashes in the table of failures. */
  secret: Buffer;
}): SignIn {
  const { database, users, passwords, links, sessions, guard, totp } = options;
  const keyed = (...parts: (string | number)[]): Buffer =>
    createHmac('sha256', options.secret)
      .update(JSON.stringify(['sign-in', ...parts]))
      .digest();
  const attemptOf = async (tenant: number, email: string, origin: Origin, user?: User): Promise<Attempt> => ({
    tenant,
    account: keyed(tenant, 'account', email),
    address: keyed(tenant, 'address', origin.address),
    both: keyed(tenant, 'both', email, origin.address),
    known:
      user !== undefined &&
      (await sessions.list(tenant, user.id)).some((one) => one.address === origin.address),
  });
  const hashOf = (user: User): Promise<string | null> =>
    database.write({ tenant: user.tenant, ledgers: [] }, async (client) => {
      const result = await client.query<{ hash: string | null }>(
        'select password_hash as hash from user_account where tenant = $1 and id = $2',
        [user.tenant, user.id],
      );
      return result.rows[0]?.hash ?? null;
    });
  const setPassword = async (user: Pick<User, 'tenant' | 'id'>, password: string): Promise<void> => {
    const hash = await passwords.hash(password);
    await database.write({ tenant: user.tenant, ledgers: [] }, (client) =>
      client.query(
        `update user_account set password_hash = $3, stamp = stamp + 1,
           state = case when state = 'invited' then 'active' else state end where tenant = $1 and id = $2`,
        [user.tenant, user.id, hash],
      ),
    );
    await sessions.revokeOthers(user.tenant, user.id);
    await links.end(user.tenant, user.id);
  };
  return {
    async withPassword({ tenant, email, password }, origin) {
      const named = normalEmail(email).slice(0, wrongTextMax).replaceAll('\0', '').toWellFormed();
      const user = await users.byEmail(tenant.id, named);
      const attempt = await attemptOf(tenant.id, named, origin, user);
      const begun = await guard.begin(attempt);
      if (begun.locked) return { kind: 'locked', retryAfterSeconds: begun.retryAfterSeconds };
      const usable = user?.state === 'active' ? user : undefined;
      // One who does not exist takes as long as one who does.
      const right = await passwords.matches(password, usable ? await hashOf(usable) : null);
      if (!usable || !right) return { kind: 'refused', user, lockedNow: begun.last };
      if (usable.totp) {
        const pending = await links.make({ tenant: tenant.id, user: usable.id, purpose: 'code' });
        return { kind: 'code_needed', pending };
      }
      await guard.succeeded(attempt);
      return { kind: 'signed_in', user: usable, cookie: await sessions.begin(usable, origin) };
    },
    async withCode({ pending, code }, origin) {
      const link = await links.look(pending);
      const user = link?.purpose === 'code' ? await users.get(link.tenant, link.user) : undefined;
      if (!link || user?.state !== 'active') return { kind: 'refused', user, lockedNow: false };
      const attempt = await attemptOf(link.tenant, user.email, origin, user);
      const begun = await guard.begin(attempt);
      if (begun.locked) return { kind: 'locked', retryAfterSeconds: begun.retryAfterSeconds };
      if (!(await totp.accept(link.tenant, user.id, code)) || !(await links.use(pending)))
        return { kind: 'refused', user, lockedNow: begun.last };
      await guard.succeeded(attempt);
      return { kind: 'signed_in', user, cookie: await sessions.begin(user, origin) };
    },
    async withIdentity(user, origin) {
      if (user.state !== 'active') throw new AuditError('forbidden', { detail: 'you may not sign in here' });
      return sessions.begin(user, origin);
    },
    async withLink({ secret, password, email }, origin) {
      const looked = await links.look(secret);
      const gone = (): AuditError =>
        new AuditError('not_found', { detail: 'this link was used, or its time is over' });
      if (!looked || looked.purpose === 'code') throw gone();
      // A password that will not do must not cost the link.
      requireGood(password);
      if (looked.purpose === 'owner') requireEmail(email);
      const link = await links.use(secret);
      const user = link && (await users.get(link.tenant, link.user));
      if (!link || !user || user.state === 'disabled') throw gone();
      if (link.purpose === 'owner') await users.rename(user, normalEmail(email));
      await setPassword(user, password);
      const cookie = await sessions.begin(user, origin);
      return { user: (await users.get(user.tenant, user.id)) ?? user, purpose: link.purpose, cookie };
    },
    async mayReset({ tenant, id }, { address }) {
      const begun = await guard.begin({
        tenant,
        account: keyed(tenant, 'reset-account', id),
        address: keyed(tenant, 'reset-address', address),
        both: keyed(tenant, 'reset', id, address),
        known: false,
      });
      return !begun.locked;
    },
    async changePassword(user, { old, password }, origin) {
      const attempt = await attemptOf(user.tenant, user.email, origin, user);
      const begun = await guard.begin(attempt);
      if (begun.locked)
        throw new AuditError('too_many_requests', { retryAfterSeconds: begun.retryAfterSeconds });
      if (!(await passwords.matches(old, await hashOf(user))))
        throw new AuditError('forbidden', { parameter: 'old', detail: 'that is not your password' });
      await guard.succeeded(attempt);
      await setPassword(user, password);
    },
  };
}

/** @throws invalid_parameter */
function requireEmail(email: string): void {
  if (/^[^\s@\0]{1,64}@[^\s@\0]{1,255}$/u.test(email.trim()) && email.isWellFormed()) return;
  throw new AuditError('invalid_parameter', { parameter: 'email', detail: 'that is no e-mail address' });
}
