import { z } from 'zod';
import type { Grant } from '../../access/index.ts';
import { AuditError } from '../../audit-error.ts';
import {
  defineRoute,
  jsonAnswer,
  noContent,
  type Call,
  type Route,
  type SessionCookie,
} from '../../http/index.ts';
import type { People, User } from '../../people/index.ts';
import { originOf } from './page-route.ts';
import type { PersonActs } from './person-acts.ts';
import { sessionView, shownSession } from './user-view.ts';

const password = z.string().max(1_024);
const codeInput = z.strictObject({ code: z.string().min(6).max(40) });
const meView = z.object({
  kind: z.enum(['key', 'session', 'viewer']),
  id: z.string(),
  name: z.string(),
  tenant: z.string(),
  roles: z.array(z.string()),
  permissions: z.array(z.string()),
  scope: z.enum(['all', 'own', 'actions', 'modules', 'subjects']),
  ledgers: z.array(z.string()),
  csrf: z.string().nullable(),
  session: z.string().nullable(),
});

export interface UserSelfOptions {
  people: People;
  cookie: SessionCookie;
  acts: PersonActs;
}

/** What callers may read and change about themselves. */
export function userSelfRoutes(options: UserSelfOptions): Route[] {
  return [
    meRoute(),
    ownSessionsRoute(options),
    endOtherSessionsRoute(options),
    endSessionRoute(options),
    passwordRoute(options),
    enrolRoute(options),
    confirmRoute(options),
    removeCodesRoute(options),
  ];
}

function meRoute(): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/me',
    summary: 'Who calls, what they may do, and the token that pages send with changes',
    permission: 'any',
    answer: jsonAnswer(meView),
    handle({ grant: { caller, tenant, permissions, reach, ledgers } }) {
      const { kind, id, name, roles, session } = caller;
      if (kind === 'nobody') throw new AuditError('unauthenticated');
      return {
        kind,
        id,
        name,
        tenant: tenant.name,
        roles,
        permissions: [...permissions].sort(),
        scope: reach.kind,
        ledgers: ledgers.map((ledger) => ledger.name),
        csrf: session?.csrf ?? null,
        session: session?.id ?? null,
      };
    },
  });
}

function ownSessionsRoute({ people }: UserSelfOptions): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/me/sessions',
    summary: 'Your own sessions',
    permission: 'any',
    answer: jsonAnswer(z.object({ sessions: z.array(sessionView) })),
    async handle({ grant: { tenant, caller } }) {
      if (caller.kind !== 'session') return { sessions: [] };
      return { sessions: (await people.sessions.list(tenant.id, caller.id)).map(shownSession) };
    },
  });
}

function endOtherSessionsRoute({ people, acts }: UserSelfOptions): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/v1/me/sessions',
    summary: 'End your other sessions',
    permission: 'any',
    answer: noContent,
    async handle(call) {
      const user = await personOf(call.grant, people);
      await people.sessions.revokeOthers(user.tenant, user.id, call.grant.caller.session?.id);
      await report(acts, call, 'session.revoke');
      return call.reply.code(204).send();
    },
  });
}

function endSessionRoute({ people, acts }: UserSelfOptions): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/v1/me/sessions/{id}',
    summary: 'End one of your sessions',
    permission: 'any',
    params: z.object({ id: z.string() }),
    answer: noContent,
    async handle({ grant, request, params: { id }, reply }) {
      const user = await personOf(grant, people);
      await people.sessions.revoke(user.tenant, user.id, id);
      const targets = [{ type: 'session', id }];
      await acts.reportOf(request, grant, { action: 'session.revoke', operation: 'update', targets });
      return reply.code(204).send();
    },
  });
}

function passwordRoute({ people, cookie, acts }: UserSelfOptions): Route {
  return defineRoute({
    method: 'PUT',
    path: '/v1/me/password',
    summary: 'Change your password; your other sessions end, and this one continues with a new id',
    permission: 'any',
    body: z.strictObject({ old: password, password }),
    answer: noContent,
    async handle(call) {
      const user = await personOf(call.grant, people);
      const origin = originOf(call.request);
      await people.signIn.changePassword(user, call.body, origin);
      cookie.set(call.reply, await people.sessions.begin(user, origin));
      await report(acts, call, 'user.password_change');
      return call.reply.code(204).send();
    },
  });
}

function enrolRoute({ people }: UserSelfOptions): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/me/totp',
    summary: 'Make a secret for your authenticator app; it is in force after you send a code of it',
    permission: 'any',
    answer: jsonAnswer(z.object({ secret: z.string(), url: z.string() }), 201),
    handle: async ({ grant }) => people.totp.enrol(await personOf(grant, people)),
  });
}

function confirmRoute({ people, acts }: UserSelfOptions): Route {
  return defineRoute({
    method: 'PUT',
    path: '/v1/me/totp',
    summary: 'Put the secret in force by a code of it; only this answer shows the recovery codes',
    permission: 'any',
    body: codeInput,
    answer: jsonAnswer(z.object({ recoveryCodes: z.array(z.string()) })),
    async handle(call) {
      const user = await personOf(call.grant, people);
      const recoveryCodes = await people.totp.confirm(user.tenant, user.id, call.body.code);
      await report(acts, call, 'user.totp_enable');
      return { recoveryCodes };
    },
  });
}

function removeCodesRoute({ people, acts }: UserSelfOptions): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/me/totp/removal',
    summary: 'Stop asking for codes when you sign in; needs a code',
    permission: 'any',
    body: codeInput,
    answer: noContent,
    async handle(call) {
      const user = await personOf(call.grant, people);
      await people.signIn.removeCodes(user, call.body.code, originOf(call.request));
      await report(acts, call, 'user.totp_disable');
      return call.reply.code(204).send();
    },
  });
}

function report(acts: PersonActs, call: Pick<Call, 'grant' | 'request'>, action: string): Promise<void> {
  const targets = [{ type: 'user', id: call.grant.caller.id }];
  return acts.reportOf(call.request, call.grant, { action, operation: 'update', targets });
}

/** The user who calls. @throws forbidden for keys and tokens, which belong to no user */
async function personOf({ caller, tenant }: Grant, people: People): Promise<User> {
  const user = caller.kind === 'session' ? await people.users.get(tenant.id, caller.id) : undefined;
  if (user) return user;
  throw new AuditError('forbidden', { detail: 'only people who signed in may do this' });
}
