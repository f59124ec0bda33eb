import { z } from 'zod';
import type { People, User } from '../../people/index.ts';
import { AuditError } from '../../audit-error.ts';
import { originOf } from './page-route.ts';
import type { PersonActs } from './person-acts.ts';
import type { Call, Route } from '../../http/index.ts';
import type { SessionCookie } from '../../http/index.ts';
import { sessionView, shownSession } from './user-view.ts';

const json = 'application/json; charset=utf-8';
const password = z.string().max(1_024);
const passwordInput = z.strictObject({ old: password, password });
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

/** What everybody may know and do about himself. */
export function userSelfRoutes({ people, cookie, acts }: UserSelfOptions): Route[] {
  const report = (call: Call, action: string, targets?: { type: string; id: string }[]): Promise<void> =>
    acts.reportOf(call.request, call.grant, {
      action,
      operation: 'update',
      targets: targets ?? [{ type: 'user', id: call.grant.caller.id }],
    });
  const none = { status: 204, mediaType: json };
  return [
    {
      method: 'GET',
      path: '/v1/me',
      summary: 'Who calls, what he may do, and the token that pages send with changes',
      scope: 'any',
      answer: { status: 200, mediaType: json, schema: meView },
      handle: ({ grant: { caller, tenant, permissions, reach, ledgers } }) =>
        Promise.resolve({
          kind: caller.kind,
          id: caller.id,
          name: caller.name,
          tenant: tenant.name,
          roles: caller.roles,
          permissions: [...permissions].sort(),
          scope: reach.kind,
          ledgers: ledgers.map(({ name }) => name),
          csrf: caller.session?.csrf ?? null,
          session: caller.session?.id ?? null,
        }),
    },
    {
      method: 'GET',
      path: '/v1/me/sessions',
      summary: 'Your own sessions',
      scope: 'any',
      answer: { status: 200, mediaType: json, schema: z.object({ sessions: z.array(sessionView) }) },
      async handle({ grant }) {
        if (grant.caller.kind !== 'session') return { sessions: [] };
        return { sessions: (await people.sessions.list(grant.tenant.id, grant.caller.id)).map(shownSession) };
      },
    },
    {
      method: 'DELETE',
      path: '/v1/me/sessions',
      summary: 'End your other sessions',
      scope: 'any',
      answer: none,
      async handle(call) {
        const user = await personOf(call, people);
        await people.sessions.revokeOthers(user.tenant, user.id, call.grant.caller.session?.id);
        await report(call, 'session.revoke');
        return call.reply.code(204).send();
      },
    },
    {
      method: 'DELETE',
      path: '/v1/me/sessions/{id}',
      summary: 'End one of your sessions',
      scope: 'any',
      answer: none,
      async handle(call) {
        const user = await personOf(call, people);
        const id = call.params['id'] ?? '';
        await people.sessions.revoke(user.tenant, user.id, id);
        await report(call, 'session.revoke', [{ type: 'session', id }]);
        return call.reply.code(204).send();
      },
    },
    {
      method: 'PUT',
      path: '/v1/me/password',
      summary: 'Change your password; your other sessions end, and this one goes on under a new id',
      scope: 'any',
      body: passwordInput,
      answer: none,
      async handle(call) {
        const user = await personOf(call, people);
        const input = call.body as z.infer<typeof passwordInput>;
        const origin = originOf(call.request);
        await people.signIn.changePassword(user, input, origin);
        cookie.set(call.reply, await people.sessions.begin(user, origin));
        await report(call, 'user.password_change');
        return call.reply.code(204).send();
      },
    },
    {
      method: 'POST',
      path: '/v1/me/totp',
      summary: 'A secret for your authenticator app; not in force before a code of it was sent',
      scope: 'any',
      answer: { status: 201, mediaType: json, schema: z.object({ secret: z.string(), url: z.string() }) },
      handle: async (call) => people.totp.enrol(await personOf(call, people)),
    },
    {
      method: 'PUT',
      path: '/v1/me/totp',
      summary: 'Put the secret in force by a code of it; the answer holds the recovery codes, once',
      scope: 'any',
      body: codeInput,
      answer: { status: 200, mediaType: json, schema: z.object({ recoveryCodes: z.array(z.string()) }) },
      async handle(call) {
        const user = await personOf(call, people);
        const recoveryCodes = await people.totp.confirm(
          user.tenant,
          user.id,
          (call.body as { code: string }).code,
        );
        await report(call, 'user.totp_enable');
        return { recoveryCodes };
      },
    },
    {
      method: 'POST',
      path: '/v1/me/totp/removal',
      summary: 'Sign in without codes from now on; needs one more code',
      scope: 'any',
      body: codeInput,
      answer: none,
      async handle(call) {
        const user = await personOf(call, people);
        if (!(await people.totp.accept(user.tenant, user.id, (call.body as { code: string }).code)))
          throw new AuditError('forbidden', { parameter: 'code', detail: 'that code is not right' });
        await people.totp.remove(user.tenant, user.id);
        await report(call, 'user.totp_disable');
        return call.reply.code(204).send();
      },
    },
  ];
}

/** @throws forbidden for keys and tokens: what is a person's own needs a person who signed in */
async function personOf({ grant }: Call, people: People): Promise<User> {
  const user =
    grant.caller.kind === 'session' ? await people.users.get(grant.tenant.id, grant.caller.id) : undefined;
  if (user) return user;
  throw new AuditError('forbidden', { detail: 'this is for people who signed in' });
}
