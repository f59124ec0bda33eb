import { z } from 'zod';
import {
  isPermissionName,
  permissionTable,
  requireTenant,
  roleNames,
  roleTable,
} from '../../access/index.ts';
import { AuditError } from '../../audit-error.ts';
import { defineRoute, jsonAnswer, noContent, type Route } from '../../http/index.ts';
import type { User } from '../../people/index.ts';
import {
  reportUserAct,
  requireAbove,
  requireWithin,
  sendLink,
  userOf,
  type UserRouteOptions,
} from './user-admin.ts';
import { sessionView, shownSession, shownUser, userView } from './user-view.ts';

const id = z.string().min(1).max(200);
const ids = z.array(id).max(100);
const idParams = z.object({ id: z.string() });
const permission = z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/, 'must be lower-case letters, digits, _ . -');
const changeShape = {
  name: z.string().min(1).max(200),
  role: z.enum(roleNames),
  scope: z.enum(['all', 'own', 'modules', 'subjects']),
  hostId: id.nullable(),
  modules: ids,
  subjects: ids,
  ledgers: z.array(z.string().min(1).max(200)).min(1).max(100).nullable(),
  permissions: z.array(permission).max(100),
};
const inviteInput = z
  .strictObject({ ...changeShape, email: z.email().max(320) })
  .partial({ scope: true, hostId: true, modules: true, subjects: true, ledgers: true, permissions: true });
const changeInput = z.strictObject({ ...changeShape, state: z.enum(['active', 'disabled']) }).partial();
const linkAnswer = z.object({ link: z.string().nullable(), expiresInHours: z.int() });

/** Routes that invite, change, disable and remove the users of a tenant. Each change is one event in the tenant's audit ledger. */
export function userRoutes(options: UserRouteOptions): Route[] {
  return [
    rolesRoute(),
    usersRoute(options),
    inviteRoute(options),
    userRoute(options),
    changeRoute(options),
    removeRoute(options),
    linkRoute(options),
    userSessionsRoute(options),
    endUserSessionsRoute(options),
  ];
}

function rolesRoute(): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/roles',
    summary: 'The built-in roles and the permissions of each',
    permission: 'any',
    answer: jsonAnswer(
      z.object({
        roles: z.array(z.object({ name: z.string(), permissions: z.array(z.string()), scope: z.string() })),
        permissions: z.record(z.string(), z.string()),
      }),
    ),
    handle: () => ({
      roles: roleNames.map((name) => ({
        name,
        permissions: roleTable[name],
        scope: name === 'viewer' || name === 'ingest' ? 'own' : 'all',
      })),
      permissions: permissionTable,
    }),
  });
}

function usersRoute({ people }: UserRouteOptions): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/users',
    summary: 'The users of the tenant',
    permission: 'users.manage',
    answer: jsonAnswer(z.object({ users: z.array(userView) })),
    async handle({ grant }) {
      requireTenant(grant);
      return { users: (await people.users.list(grant.tenant.id)).map(shownUser) };
    },
  });
}

function inviteRoute(options: UserRouteOptions): Route {
  const { people, acts } = options;
  return defineRoute({
    method: 'POST',
    path: '/v1/users',
    summary: 'Invite a user; without a mail server the link is in the answer',
    permission: 'users.manage',
    body: inviteInput,
    answer: jsonAnswer(z.object({ user: userView, ...linkAnswer.shape }), 201),
    async handle(call) {
      const { grant, body } = call;
      requireTenant(grant);
      requireWithin(grant, { role: body.role, permissions: body.permissions ?? [] });
      const user = await people.users.create(grant.tenant.id, {
        ...withoutAbsent(body),
        email: body.email,
        name: body.name,
        role: body.role,
      });
      const attributes = { role: user.role };
      await reportUserAct(call, user, { acts, action: 'user.invite', operation: 'create', attributes });
      return { user: shownUser(user), ...(await sendLink(call, { user, purpose: 'invite' }, options)) };
    },
  });
}

function userRoute(options: UserRouteOptions): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/users/{id}',
    summary: 'One user',
    permission: 'users.manage',
    params: idParams,
    answer: jsonAnswer(userView),
    handle: async (call) => shownUser(await userOf(call, options)),
  });
}

function changeRoute(options: UserRouteOptions): Route {
  const { people, acts } = options;
  return defineRoute({
    method: 'PUT',
    path: '/v1/users/{id}',
    summary:
      'Change a user; absent fields stay as they are. In force everywhere within two seconds; disabling ends all sessions',
    permission: 'users.manage',
    params: idParams,
    body: changeInput,
    answer: jsonAnswer(userView),
    async handle(call) {
      const before = await userOf(call, options);
      const change = withoutAbsent(call.body);
      requireAbove(call.grant, before);
      requireWithin(call.grant, rightsAdded(before, { ...before, ...change }));
      const user = await people.users.change(before.tenant, before.id, change);
      if (user.state === 'disabled') await people.sessions.revokeOthers(user.tenant, user.id);
      people.sessions.forget(user.id);
      const action = changeAction(before, user);
      const attributes = { role: user.role, scope: user.scope, changed: Object.keys(change) };
      await reportUserAct(call, user, { acts, action, operation: 'update', attributes });
      return shownUser(user);
    },
  });
}

/** The rights after a change, without the permissions of packs that the user had before it. */
function rightsAdded(
  before: User,
  after: Pick<User, 'role' | 'permissions'>,
): Parameters<typeof requireWithin>[1] {
  const isNew = (name: string): boolean => isPermissionName(name) || !before.permissions.includes(name);
  return { role: after.role, permissions: after.permissions.filter(isNew) };
}

function changeAction(before: User, after: User): string {
  if (after.state === before.state) return 'user.change';
  return after.state === 'disabled' ? 'user.disable' : 'user.enable';
}

function removeRoute(options: UserRouteOptions): Route {
  const { people, acts } = options;
  return defineRoute({
    method: 'DELETE',
    path: '/v1/users/{id}',
    summary: 'Remove a user; the events of what they did stay',
    permission: 'users.manage',
    params: idParams,
    answer: noContent,
    async handle(call) {
      const user = await userOf(call, options);
      requireAbove(call.grant, user);
      await people.users.remove(user.tenant, user.id);
      people.sessions.forget(user.id);
      await reportUserAct(call, user, { acts, action: 'user.remove', operation: 'delete' });
      return call.reply.code(204).send();
    },
  });
}

function linkRoute(options: UserRouteOptions): Route {
  const { people, acts } = options;
  return defineRoute({
    method: 'POST',
    path: '/v1/users/{id}/link',
    summary: 'A new invitation, or a reset for a user who has signed in before; removes codes when asked',
    permission: 'users.manage',
    params: idParams,
    body: z.strictObject({ removeCodes: z.boolean().default(false) }),
    answer: jsonAnswer(linkAnswer, 201),
    async handle(call) {
      const user = await userOf(call, options);
      requireWithin(call.grant, user);
      if (user.state === 'disabled')
        throw new AuditError('forbidden', { detail: 'the user is disabled: enable them first' });
      const { removeCodes } = call.body;
      if (removeCodes) await people.totp.remove(user.tenant, user.id);
      const purpose = user.state === 'invited' ? 'invite' : 'reset';
      const answer = await sendLink(call, { user, purpose }, options);
      const attributes = { removeCodes };
      await reportUserAct(call, user, { acts, action: 'user.link', operation: 'update', attributes });
      return answer;
    },
  });
}

function userSessionsRoute(options: UserRouteOptions): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/users/{id}/sessions',
    summary: "A user's sessions",
    permission: 'users.manage',
    params: idParams,
    answer: jsonAnswer(z.object({ sessions: z.array(sessionView) })),
    async handle(call) {
      const user = await userOf(call, options);
      return { sessions: (await options.people.sessions.list(user.tenant, user.id)).map(shownSession) };
    },
  });
}

function endUserSessionsRoute(options: UserRouteOptions): Route {
  const { people, acts } = options;
  return defineRoute({
    method: 'DELETE',
    path: '/v1/users/{id}/sessions',
    summary: "End all of a user's sessions, within two seconds everywhere",
    permission: 'users.manage',
    params: idParams,
    answer: noContent,
    async handle(call) {
      const user = await userOf(call, options);
      requireAbove(call.grant, user);
      await people.sessions.revokeOthers(user.tenant, user.id);
      await reportUserAct(call, user, { acts, action: 'session.revoke', operation: 'delete' });
      return call.reply.code(204).send();
    },
  });
}

/** Leaves out the members that are undefined. */
function withoutAbsent<T extends object>(input: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}
