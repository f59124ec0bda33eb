import { z } from 'zod';
import {
  isPermissionName,
  permissionTable,
  requireWhole,
  roleNames,
  roleTable,
  type Grant,
  type RoleName,
} from '../../access/index.ts';
import type { People, User } from '../../people/index.ts';
import { AuditError } from '../../audit-error.ts';
import type { Mail } from '../../people/index.ts';
import type { PersonActs } from './person-acts.ts';
import type { Call, Route } from '../../http/index.ts';
import type { SessionCookie } from '../../http/index.ts';
import { pageLanguageOf } from '../../people/index.ts';
import { sessionView, shownSession, shownUser, userView } from './user-view.ts';

const json = 'application/json; charset=utf-8';
const id = z.string().min(1).max(200);
const ids = z.array(id).max(100);
const changeShape = {
  name: z.string().min(1).max(200),
  role: z.enum(roleNames),
  scope: z.enum(['all', 'own', 'modules', 'subjects']),
  hostId: id.nullable(),
  modules: ids,
  subjects: ids,
  ledgers: z.array(z.string().min(1).max(200)).min(1).max(100).nullable(),
  permissions: z
    .array(z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'must be lower-case letters, digits, _ . -'))
    .max(100),
};
const inviteInput = z
  .strictObject({ ...changeShape, email: z.email().max(320) })
  .partial({ scope: true, hostId: true, modules: true, subjects: true, ledgers: true, permissions: true });
const changeInput = z.strictObject({ ...changeShape, state: z.enum(['active', 'disabled']) }).partial();
const linkAnswer = z.object({ link: z.string().nullable(), expiresInHours: z.int() });

export interface UserRouteOptions {
  people: People;
  mail: Mail;
  cookie: SessionCookie;
  acts: PersonActs;
}

/** The users of a tenant: invited, changed, disabled, removed. Each change is one event of the tenant's audit ledger. */
export function userRoutes(options: UserRouteOptions): Route[] {
  const { people, mail, cookie, acts } = options;
  /** By mail, or where there is none in the answer. */
  const sendLink = async (
    call: Call,
    user: User,
    purpose: 'invite' | 'reset',
  ): Promise<z.infer<typeof linkAnswer>> => {
    const secret = await people.links.make({ tenant: user.tenant, user: user.id, purpose });
    const link = `${cookie.baseOf(call.request)}/app/link/${secret}`;
    const expiresInHours = purpose === 'invite' ? 7 * 24 : 1;
    if (!mail.enabled) return { link, expiresInHours };
    const language = pageLanguageOf(call.request.headers['accept-language']);
    await mail.sendLink({ to: user.email, purpose, link, language });
    return { link: null, expiresInHours };
  };
  const userOf = async ({ grant, params }: Call): Promise<User> => {
    requireWhole(grant);
    const user = await people.users.get(grant.tenant.id, params['id'] ?? '');
    if (user) return user;
    throw new AuditError('not_found', { parameter: 'id', detail: 'there is no such user' });
  };
  const report = (
    call: Call,
    action: string,
    user: User,
    more: Partial<Parameters<PersonActs['reportOf']>[2]> = {},
  ): Promise<void> =>
    acts.reportOf(call.request, call.grant, {
      action,
      operation: 'update',
      targets: [{ type: 'user', id: user.id }],
      ...more,
    });
  return [
    {
      method: 'GET',
      path: '/v1/roles',
      summary: 'The built-in roles and what each is permitted',
      scope: 'any',
      answer: {
        status: 200,
        mediaType: json,
        schema: z.object({
          roles: z.array(z.object({ name: z.string(), permissions: z.array(z.string()), scope: z.string() })),
          permissions: z.record(z.string(), z.string()),
        }),
      },
      handle: () =>
        Promise.resolve({
          roles: roleNames.map((name) => ({
            name,
            permissions: roleTable[name],
            scope: name === 'viewer' || name === 'ingest' ? 'own' : 'all',
          })),
          permissions: permissionTable,
        }),
    },
    {
      method: 'GET',
      path: '/v1/users',
      summary: 'The users of the tenant',
      scope: 'users.manage',
      answer: { status: 200, mediaType: json, schema: z.object({ users: z.array(userView) }) },
      async handle({ grant }) {
        requireWhole(grant);
        return { users: (await people.users.list(grant.tenant.id)).map(shownUser) };
      },
    },
    {
      method: 'POST',
      path: '/v1/users',
      summary: 'Invite a user; without a mail server the link is in the answer',
      scope: 'users.manage',
      body: inviteInput,
      answer: { status: 201, mediaType: json, schema: z.object({ user: userView, ...linkAnswer.shape }) },
      async handle(call) {
        requireWhole(call.grant);
        const input = call.body as z.infer<typeof inviteInput>;
        const given = withoutAbsent(input);
        const ledgers = input.ledgers ?? call.grant.ledgerNames;
        requireWithin(call.grant, { role: input.role, permissions: input.permissions ?? [], ledgers });
        const user = await people.users.create(call.grant.tenant.id, {
          ...given,
          email: input.email,
          name: input.name,
          role: input.role,
          ledgers: ledgers && [...ledgers],
        });
        await report(call, 'user.invite', user, { operation: 'create', attributes: { role: user.role } });
        return { user: shownUser(user), ...(await sendLink(call, user, 'invite')) };
      },
    },
    {
      method: 'GET',
      path: '/v1/users/{id}',
      summary: 'One user',
      scope: 'users.manage',
      answer: { status: 200, mediaType: json, schema: userView },
      handle: async (call) => shownUser(await userOf(call)),
    },
    {
      method: 'PUT',
      path: '/v1/users/{id}',
      summary:
        'Change a user: what is absent stays. In force everywhere within two seconds; disabling ends all sessions',
      scope: 'users.manage',
      body: changeInput,
      answer: { status: 200, mediaType: json, schema: userView },
      async handle(call) {
        const before = await userOf(call);
        const change = withoutAbsent(call.body as z.infer<typeof changeInput>);
        requireWithin(call.grant, before);
        requireWithin(call.grant, { ...before, ...change });
        const user = await people.users.change(before.tenant, before.id, change);
        if (user.state === 'disabled') await people.sessions.revokeOthers(user.tenant, user.id);
        people.sessions.forget(user.id);
        const action =
          user.state === before.state
            ? 'user.change'
            : user.state === 'disabled'
              ? 'user.disable'
              : 'user.enable';
        await report(call, action, user, {
          attributes: { role: user.role, scope: user.scope, changed: Object.keys(change) },
        });
        return shownUser(user);
      },
    },
    {
      method: 'DELETE',
      path: '/v1/users/{id}',
      summary: 'Remove a user; what he did stays on record',
      scope: 'users.manage',
      answer: { status: 204, mediaType: json },
      async handle(call) {
        const user = await userOf(call);
        requireWithin(call.grant, user);
        await people.users.remove(user.tenant, user.id);
        people.sessions.forget(user.id);
        await report(call, 'user.remove', user, { operation: 'delete' });
        return call.reply.code(204).send();
      },
    },
    {
      method: 'POST',
      path: '/v1/users/{id}/link',
      summary: 'A new invitation, or for who has signed in before a reset; removes codes when asked',
      scope: 'users.manage',
      body: z.strictObject({ removeCodes: z.boolean().default(false) }),
      answer: { status: 201, mediaType: json, schema: linkAnswer },
      async handle(call) {
        const user = await userOf(call);
        requireWithin(call.grant, user);
        if (user.state === 'disabled')
          throw new AuditError('forbidden', { detail: 'the user is disabled: enable him first' });
        const removeCodes = (call.body as { removeCodes: boolean }).removeCodes;
        if (removeCodes) await people.totp.remove(user.tenant, user.id);
        const sent = await sendLink(call, user, user.state === 'invited' ? 'invite' : 'reset');
        await report(call, 'user.link', user, { attributes: { removeCodes } });
        return sent;
      },
    },
    {
      method: 'GET',
      path: '/v1/users/{id}/sessions',
      summary: "A user's sessions",
      scope: 'users.manage',
      answer: { status: 200, mediaType: json, schema: z.object({ sessions: z.array(sessionView) }) },
      async handle(call) {
        const user = await userOf(call);
        return { sessions: (await people.sessions.list(user.tenant, user.id)).map(shownSession) };
      },
    },
    {
      method: 'DELETE',
      path: '/v1/users/{id}/sessions',
      summary: "End all of a user's sessions, within two seconds everywhere",
      scope: 'users.manage',
      answer: { status: 204, mediaType: json },
      async handle(call) {
        const user = await userOf(call);
        requireWithin(call.grant, user);
        await people.sessions.revokeOthers(user.tenant, user.id);
        await report(call, 'session.revoke', user, { operation: 'delete' });
        return call.reply.code(204).send();
      },
    },
  ];
}

/** Nobody gives what he does not have, and only owners touch owners. @throws forbidden */
function requireWithin(
  grant: Grant,
  wanted: { role: RoleName; permissions: readonly string[]; ledgers: readonly string[] | null },
): void {
  const refuse = (parameter: string, detail: string): never => {
    throw new AuditError('forbidden', { parameter, detail });
  };
  const ofOwner = grant.caller.roles.includes('owner') || grant.permissions.has('operator');
  if (wanted.role === 'owner' && !ofOwner) refuse('role', 'only an owner makes, changes or removes owners');
  const has = (permission: string): boolean =>
    grant.permissions.has(permission) || [...grant.grantable].some((scope) => scope === permission);
  const beyond = [...roleTable[wanted.role], ...wanted.permissions.filter(isPermissionName)].find(
    (one) => !has(one),
  );
  if (beyond !== undefined) refuse('role', `you lack the permission ${beyond} yourself`);
  const own = grant.ledgerNames;
  const outside = own && [...(wanted.ledgers ?? ['all of them'])].find((name) => !own.includes(name));
  if (outside) refuse('ledgers', `you may not touch ${outside.slice(0, 100)} yourself`);
}

/** What a schema left undefined is not there. */
function withoutAbsent<T extends object>(input: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
