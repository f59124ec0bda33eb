import { createHmac } from 'node:crypto';
import { AuditError } from '../audit-error.ts';
import type { Database } from '../storage/index.ts';
import type { LinkPurpose, OneTimeLinks } from './one-time-links.ts';
import { requireGood, type Passwords } from './passwords.ts';
import type { Attempt, SignInGuard } from './sign-in-guard.ts';
import type { TotpCodes } from './totp.ts';
import { networkOf, type Tenant } from '../access/index.ts';
import type { Origin, UserSessions } from './user-sessions.ts';
import { normalEmail, type User, type Users } from './users.ts';

/** What follows when the password is right or new. */
export type PasswordAccepted =
  | { readonly kind: 'signed_in'; readonly user: User; readonly cookie: string }
  /** `pending` and a code finish the sign-in within five minutes. */
  | { readonly kind: 'code_needed'; readonly pending: string };

export type SignInAnswer =
  | PasswordAccepted
  /** E-mail, password or code was wrong; the answer to the browser does not say which. `user` is only for the audit ledger. */
  | {
      readonly kind: 'refused';
      readonly user: User | undefined;
      /** This failure locked the account. */
      readonly lockedNow: boolean;
    }
  /** There were too many failures before, so nothing was checked. */
  | { readonly kind: 'locked'; readonly retryAfterSeconds: number };

export interface UsedLink {
  readonly user: User;
  readonly purpose: LinkPurpose;
  readonly next: PasswordAccepted;
}

export interface SignIn {
  withPassword(
    input: { tenant: Tenant; email: string; password: string },
    origin: Origin,
  ): Promise<SignInAnswer>;
  /** The second step of a user who needs a code. */
  withCode(input: { pending: string; code: string }, origin: Origin): Promise<SignInAnswer>;
  /** Signs in a user whom an identity provider vouches for; returns the cookie. @throws forbidden unless the user is active */
  withIdentity(user: User, origin: Origin): Promise<string>;
  /**
   * Uses up a link, sets the password, activates the user and signs them in. A user who needs codes must give one after it, as
   * after a password: the link shows that they read their mail, and no more. @throws not_found, invalid_parameter
   */
  withLink(
    /** `email` is only used for the first owner, who chooses their own. */
    input: { secret: string; password: string; email: string },
    origin: Origin,
  ): Promise<UsedLink>;
  /** Counts a request to reset the password; false when there were too many for this account or from this address. */
  mayReset(user: User, origin: Origin): Promise<boolean>;
  /** Sets a new password and ends all of the user's sessions. @throws forbidden when the old one is wrong */
  changePassword(user: User, input: { old: string; password: string }, origin: Origin): Promise<void>;
  /** Asks for no codes from now on. @throws forbidden when the code is wrong */
  removeCodes(user: User, code: string, origin: Origin): Promise<void>;
}

/** Longer texts cannot be an e-mail address; what was typed is cut here before it is hashed. */
const emailCharsMax = 320;

interface SignInOptions {
  database: Database;
  users: Users;
  passwords: Passwords;
  links: OneTimeLinks;
  sessions: UserSessions;
  guard: SignInGuard;
  totp: TotpCodes;
  /** Keys the hashes in the table of failures. */
  secret: Buffer;
}

export function createSignIn(options: SignInOptions): SignIn {
  const { guard, sessions } = options;
  return {
    withPassword: (input, origin) => signInWithPassword(input, origin, options),
    withCode: (input, origin) => signInWithCode(input, origin, options),
    async withIdentity(user, origin) {
      if (user.state !== 'active') throw new AuditError('forbidden', { detail: 'you may not sign in here' });
      return sessions.begin(user, origin);
    },
    withLink: (input, origin) => signInWithLink(input, origin, options),
    async mayReset(user, origin) {
      const begun = await guard.begin(resetAttempt(user, origin, options.secret));
      return !begun.locked;
    },
    changePassword: (user, input, origin) => changePassword(user, input, { ...options, origin }),
    removeCodes: (user, code, origin) => removeCodes(user, code, { ...options, origin }),
  };
}

async function signInWithPassword(
  { tenant, email, password }: { tenant: Tenant; email: string; password: string },
  origin: Origin,
  options: SignInOptions,
): Promise<SignInAnswer> {
  const { database, users, passwords, guard } = options;
  const typedEmail = normalEmail(email).slice(0, emailCharsMax).replaceAll('\0', '').toWellFormed();
  const user = await users.byEmail(tenant.id, typedEmail);
  const attempt = await attemptOf({ tenant: tenant.id, email: typedEmail, origin, user }, options);
  const begun = await guard.begin(attempt);
  if (begun.locked) return { kind: 'locked', retryAfterSeconds: begun.retryAfterSeconds };
  const active = user?.state === 'active' ? user : undefined;
  // Without a hash this takes as long as with one, so the time does not show whether the account exists.
  const right = await passwords.matches(password, active ? await selectHash(database, active) : null);
  if (!active || !right) return { kind: 'refused', user, lockedNow: begun.isLastAttempt };
  if (active.totp) await guard.halfSucceeded(attempt, begun);
  else await guard.succeeded(attempt, begun);
  return accept(active, origin, options);
}

/** Begins a session, or asks for a code first. Nothing else may begin a session for a password. */
async function accept(
  user: User,
  origin: Origin,
  { links, sessions }: SignInOptions,
): Promise<PasswordAccepted> {
  if (!user.totp) return { kind: 'signed_in', user, cookie: await sessions.begin(user, origin) };
  const pending = await links.make({ tenant: user.tenant, user: user.id, purpose: 'code' });
  return { kind: 'code_needed', pending };
}

async function signInWithCode(
  { pending, code }: { pending: string; code: string },
  origin: Origin,
  options: SignInOptions,
): Promise<SignInAnswer> {
  const { users, links, sessions, guard, totp } = options;
  const link = await links.look(pending);
  const user = link?.purpose === 'code' ? await users.get(link.tenant, link.user) : undefined;
  if (!link || user?.state !== 'active') return { kind: 'refused', user, lockedNow: false };
  const attempt = await attemptOf({ tenant: link.tenant, email: user.email, origin, user }, options);
  const begun = await guard.begin(attempt);
  if (begun.locked) return { kind: 'locked', retryAfterSeconds: begun.retryAfterSeconds };
  if (!(await totp.accept(link.tenant, user.id, code)) || !(await links.use(pending)))
    return { kind: 'refused', user, lockedNow: begun.isLastAttempt };
  await guard.succeeded(attempt, begun);
  return { kind: 'signed_in', user, cookie: await sessions.begin(user, origin) };
}

async function signInWithLink(
  { secret, password, email }: { secret: string; password: string; email: string },
  origin: Origin,
  options: SignInOptions,
): Promise<UsedLink> {
  const { users, links } = options;
  const unused = await links.look(secret);
  if (!unused || unused.purpose === 'code') throw linkIsOver();
  // Checked before the link is used up: a user whose password is refused can try again with the same link.
  requireGood(password);
  if (unused.purpose === 'owner') requireEmail(email);
  const link = await links.use(secret);
  const user = link && (await users.get(link.tenant, link.user));
  if (!link || !user || user.state === 'disabled') throw linkIsOver();
  if (link.purpose === 'owner') await users.rename(user, normalEmail(email));
  await setPassword(user, password, options);
  // Read again: they may have put codes in force since the link was used up.
  const changed = await users.get(user.tenant, user.id);
  if (!changed) throw linkIsOver();
  return { user: changed, purpose: link.purpose, next: await accept(changed, origin, options) };
}

async function changePassword(
  user: User,
  { old, password }: { old: string; password: string },
  options: SignInOptions & { origin: Origin },
): Promise<void> {
  const { database, passwords } = options;
  const matches = async (): Promise<boolean> => passwords.matches(old, await selectHash(database, user));
  if (!(await isRight(user, matches, options)))
    throw new AuditError('forbidden', { parameter: 'old', detail: 'that is not your password' });
  await setPassword(user, password, options);
}

async function removeCodes(
  user: User,
  code: string,
  options: SignInOptions & { origin: Origin },
): Promise<void> {
  const { totp } = options;
  if (!(await isRight(user, () => totp.accept(user.tenant, user.id, code), options)))
    throw new AuditError('forbidden', { parameter: 'code', detail: 'that code is not right' });
  await totp.remove(user.tenant, user.id);
}

/**
 * Checks what a person who is signed in types once more. Counted like a sign-in, because a stolen session must not become a
 * way to guess without limit. @throws too_many_requests
 */
async function isRight(
  user: User,
  check: () => Promise<boolean>,
  options: SignInOptions & { origin: Origin },
): Promise<boolean> {
  const { guard, origin } = options;
  const attempt = await attemptOf({ tenant: user.tenant, email: user.email, origin, user }, options);
  const begun = await guard.begin(attempt);
  if (begun.locked) throw new AuditError('too_many_requests', { retryAfterSeconds: begun.retryAfterSeconds });
  if (!(await check())) return false;
  await guard.succeeded(attempt, begun);
  return true;
}

/** Sets the password, activates an invited user, and ends all sessions and links of the user. */
async function setPassword(user: User, password: string, options: SignInOptions): Promise<void> {
  const { database, passwords, sessions, links } = options;
  await updateHash(database, user, await passwords.hash(password));
  await sessions.revokeOthers(user.tenant, user.id);
  await links.end(user.tenant, user.id);
}

async function attemptOf(
  { tenant, email, origin, user }: { tenant: number; email: string; origin: Origin; user: User | undefined },
  { secret, sessions }: SignInOptions,
): Promise<Attempt> {
  const userSessions = user === undefined ? [] : await sessions.list(tenant, user.id);
  const network = networkOf(origin.address);
  return {
    tenant,
    account: keyedHash(secret, [tenant, 'account', email]),
    address: keyedHash(secret, [tenant, 'address', network]),
    both: keyedHash(secret, [tenant, 'both', email, network]),
    hasSessionHere: userSessions.some(({ address }) => address !== null && networkOf(address) === network),
  };
}

/** Resets are counted apart from sign-ins: a person who requests resets must not lock the account. */
function resetAttempt({ tenant, id }: User, origin: Origin, secret: Buffer): Attempt {
  const address = networkOf(origin.address);
  return {
    tenant,
    account: keyedHash(secret, [tenant, 'reset-account', id]),
    address: keyedHash(secret, [tenant, 'reset-address', address]),
    both: keyedHash(secret, [tenant, 'reset', id, address]),
    hasSessionHere: false,
  };
}

function keyedHash(secret: Buffer, parts: readonly (string | number)[]): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['sign-in', ...parts]))
    .digest();
}

async function selectHash(database: Database, user: User): Promise<string | null> {
  const result = await database.write({ tenant: user.tenant, ledgers: [] }, (client) =>
    client.query<{ hash: string | null }>(
      'select password_hash as hash from user_account where tenant = $1 and id = $2',
      [user.tenant, user.id],
    ),
  );
  return result.rows[0]?.hash ?? null;
}

async function updateHash(database: Database, user: User, hash: string): Promise<void> {
  await database.write({ tenant: user.tenant, ledgers: [] }, (client) =>
    client.query(
      `update user_account set password_hash = $3, stamp = stamp + 1,
         state = case when state = 'invited' then 'active' else state end where tenant = $1 and id = $2`,
      [user.tenant, user.id, hash],
    ),
  );
}

function linkIsOver(): AuditError {
  return new AuditError('not_found', { detail: 'this link was used or has expired' });
}

/** @throws invalid_parameter */
function requireEmail(email: string): void {
  if (/^[^\s@\0]{1,64}@[^\s@\0]{1,255}$/u.test(email.trim()) && email.isWellFormed()) return;
  throw new AuditError('invalid_parameter', { parameter: 'email', detail: 'that is not an e-mail address' });
}
