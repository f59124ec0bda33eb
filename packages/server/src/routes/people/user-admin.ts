import { isPermissionName, requireTenant, roleTable, type Grant, type RoleName } from '../../access/index.ts';
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
  requireTenant(grant);
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
 * Callers may give only a role and permissions that they have themselves. A key that is limited to some networks gives nobody
 * an account or a link, which work from everywhere. @throws forbidden
 */
export function requireWithin(grant: Grant, wanted: Rights): void {
  if (grant.addresses !== undefined)
    throw new AuditError('forbidden', { detail: 'this needs a key that is valid in every network' });
  const missing = wanted.permissions.find((name) => !isPermissionName(name) && !mayGive(grant, name));
  if (missing !== undefined)
    throw new AuditError('forbidden', {
      parameter: 'permissions',
      detail: `you lack the permission ${missing.slice(0, 100)} yourself`,
    });
  requireAbove(grant, wanted);
}

/**
 * Callers may take something only from those who have no more than they have, and only owners may change owners. Permissions
 * of packs do not count here: an administrator may disable a person who has one. @throws forbidden
 */
export function requireAbove(grant: Grant, { role, permissions }: Rights): void {
  const refuse = (detail: string): never => {
    throw new AuditError('forbidden', { parameter: 'role', detail });
  };
  if (role === 'owner' && !ofOwner(grant)) refuse('only an owner may make, change or remove owners');
  const needed = [...roleTable[role], ...permissions.filter(isPermissionName)];
  const missing = needed.find((name) => !mayGive(grant, name));
  if (missing !== undefined) refuse(`you lack the permission ${missing} yourself`);
}

interface Rights {
  readonly role: RoleName;
  readonly permissions: readonly string[];
}

/** No built-in role has a permission of a pack, so an owner may give it without having it. */
function mayGive(grant: Grant, permission: string): boolean {
  return (
    grant.permissions.has(permission) ||
    [...grant.grantable].some((scope) => scope === permission) ||
    (!isPermissionName(permission) && ofOwner(grant))
  );
}

function ofOwner({ caller, permissions }: Grant): boolean {
  return caller.roles.includes('owner') || permissions.has('operator');
}
