import { isPermissionName, requireWhole, roleTable, type Grant, type RoleName } from '../../access/index.ts';
import { AuditError } from '../../audit-error.ts';
import type { Call, SessionCookie } from '../../http/index.ts';
import { pageLanguageOf, type Mail, type People, type User } from '../../people/index.ts';
import type { PersonActs } from './person-acts.ts';

export interface UserRouteOptions {
  people: People;
  mail: Mail;
  cookie: SessionCookie;
  acts: PersonActs;
}

export type UserCall = Pick<Call<{ readonly id: string }>, 'grant' | 'request' | 'params'>;

const inviteHours = 7 * 24;
const resetHours = 1;

/** The user that a path names, of the caller's tenant. @throws forbidden, not_found */
export async function userOf({ grant, params }: UserCall, { people }: UserRouteOptions): Promise<User> {
  requireWhole(grant);
  const user = await people.users.get(grant.tenant.id, params.id);
  if (user) return user;
  throw new AuditError('not_found', { parameter: 'id', detail: 'there is no such user' });
}

/** Sends a one-time link by mail. Without a mail server the link is in the answer. */
export async function sendLink(
  { request }: Pick<Call, 'request'>,
  { user, purpose }: { user: User; purpose: 'invite' | 'reset' },
  { people, mail, cookie }: UserRouteOptions,
): Promise<{ link: string | null; expiresInHours: number }> {
  const secret = await people.links.make({ tenant: user.tenant, user: user.id, purpose });
  const link = `${cookie.baseOf(request)}/app/link/${secret}`;
  const expiresInHours = purpose === 'invite' ? inviteHours : resetHours;
  if (!mail.enabled) return { link, expiresInHours };
  const language = pageLanguageOf(request.headers['accept-language']);
  await mail.sendLink({ to: user.email, purpose, link, language });
  return { link: null, expiresInHours };
}

/** Records what was done to a user. */
export function reportUserAct(
  call: Pick<Call, 'grant' | 'request'>,
  user: User,
  { acts, ...act }: { acts: PersonActs } & Omit<Parameters<PersonActs['reportOf']>[2], 'targets'>,
): Promise<void> {
  const targets = [{ type: 'user', id: user.id }];
  return acts.reportOf(call.request, call.grant, { ...act, targets });
}

/**
 * Callers may give only a role, permissions and ledgers that they have themselves, and only owners may change owners.
 * @throws forbidden
 */
export function requireWithin(
  grant: Grant,
  wanted: { role: RoleName; permissions: readonly string[]; ledgers: readonly string[] | null },
): void {
  const refuse = (parameter: string, detail: string): never => {
    throw new AuditError('forbidden', { parameter, detail });
  };
  const ofOwner = grant.caller.roles.includes('owner') || grant.permissions.has('operator');
  if (wanted.role === 'owner' && !ofOwner) refuse('role', 'only an owner may make, change or remove owners');
  const has = (permission: string): boolean =>
    grant.permissions.has(permission) || [...grant.grantable].some((scope) => scope === permission);
  const needed = [...roleTable[wanted.role], ...wanted.permissions.filter(isPermissionName)];
  const missing = needed.find((permission) => !has(permission));
  if (missing !== undefined) refuse('role', `you lack the permission ${missing} yourself`);
  const own = grant.ledgerNames;
  const outside = own && [...(wanted.ledgers ?? ['all of them'])].find((name) => !own.includes(name));
  if (outside) refuse('ledgers', `you have no access to ${outside.slice(0, 100)} yourself`);
}
