import type { People } from '../../people/index.ts';
import type { Tenant, Tenants } from '../../access/index.ts';
import { AuditError } from '../../audit-error.ts';
import type { Mail } from '../../people/index.ts';
import {
  createEnter,
  createPageRoute,
  formFields,
  originOf,
  tenantNamed,
  tenantOf,
  tenantQuery,
} from './page-route.ts';
import type { PersonActs } from './person-acts.ts';
import type { Call, Route } from '../../http/index.ts';
import type { SessionCookie } from '../../http/index.ts';
import { createSignInPages } from './sign-in-pages.ts';
import { login } from './sign-in-routes.ts';
import { pageTexts } from './sign-in-texts.ts';
import { type PageLanguage } from '../../people/index.ts';

export interface LinkOptions {
  people: People;
  tenants: Tenants;
  cookie: SessionCookie;
  mail: Mail;
  acts: PersonActs;
  defaultTenant: string;
  onMailError: (error: unknown) => void;
}

/** The pages to set a password by a link that works once, and to ask for one. */
export function linkRoutes(options: LinkOptions): Route[] {
  const { people, tenants, cookie, mail, acts, defaultTenant } = options;
  const pages = createSignInPages();
  const page = createPageRoute(cookie);
  const enter = createEnter(people, cookie);
  const isOwners = async (secret: string): Promise<boolean> =>
    (await people.links.look(secret))?.purpose === 'owner';
  return [
    page({
      path: '/app/link/{secret}',
      summary: 'The page of an invitation or a reset',
      async handle({ params, reply }, language) {
        const secret = params['secret'] ?? '';
        const link = await people.links.look(secret);
        const user =
          link && link.purpose !== 'code' ? await people.users.get(link.tenant, link.user) : undefined;
        if (link && user) {
          const ownEmail = link.purpose === 'owner';
          return pages.password({ language, secret, ownEmail, email: ownEmail ? '' : user.email });
        }
        void reply.code(404);
        return pages.message({ language, text: pageTexts[language].gone });
      },
    }),
    page({
      path: '/app/link',
      summary: 'Set a password by a link, and sign in',
      post: true,
      async handle(call, language) {
        const { secret = '', password = '', email = '' } = formFields(call);
        const t = pageTexts[language];
        try {
          const done = await people.signIn.withLink({ secret, password, email }, originOf(call.request));
          await reportDone(call, done);
          return await enter(call, done.cookie);
        } catch (error) {
          if (!(error instanceof AuditError) || error.status >= 500 || error.status === 429) throw error;
          void call.reply.code(error.status);
          if (error.code === 'not_found') return pages.message({ language, text: t.gone });
          const problem = error.parameter === 'email' ? t.badEmail : t.weak;
          return pages.password({ language, secret, email, problem, ownEmail: await isOwners(secret) });
        }
      },
    }),
    page({
      path: '/app/forgot',
      summary: 'The page to ask for a reset',
      query: tenantQuery,
      handle({ query }, language) {
        const tenant = typeof query['tenant'] === 'string' ? query['tenant'] : defaultTenant;
        return Promise.resolve(pages.forgot({ language, tenant, sent: false }));
      },
    }),
    page({
      path: '/app/forgot',
      summary: 'Ask for a reset: the answer is the same for everybody',
      post: true,
      async handle(call, language) {
        const { tenant: name = defaultTenant, email = '' } = formFields(call);
        const tenant = await tenantNamed(tenants, name);
        // Not waited for: the time tells nothing, either.
        if (tenant && mail.enabled)
          void sendReset(call, { tenant, email, language }).catch(options.onMailError);
        return pages.forgot({ language, tenant: name, sent: true });
      },
    }),
  ];

  async function reportDone(
    call: Call,
    { user, purpose }: Awaited<ReturnType<People['signIn']['withLink']>>,
  ): Promise<void> {
    const tenant = await tenantOf(tenants, user.tenant);
    if (!tenant) throw new AuditError('not_found');
    const who = { tenant, user };
    await acts.report(call.request, who, {
      action: purpose === 'reset' ? 'user.password_reset' : 'user.activate',
      operation: 'update',
      targets: [{ type: 'user', id: user.id }],
    });
    await acts.report(call.request, who, login(user, 'link'));
  }

  async function sendReset(
    call: Call,
    asked: { tenant: Tenant; email: string; language: PageLanguage },
  ): Promise<void> {
    const { tenant, email, language } = asked;
    const named = email.slice(0, 320).replaceAll('\0', '').toWellFormed();
    const user = await people.users.byEmail(tenant.id, named);
    if (user?.state !== 'active' || !(await people.signIn.mayReset(user, originOf(call.request)))) return;
    const secret = await people.links.make({ tenant: tenant.id, user: user.id, purpose: 'reset' });
    const link = `${cookie.baseOf(call.request)}/app/link/${secret}`;
    await mail.sendLink({ to: user.email, purpose: 'reset', language, link });
    await acts.report(
      call.request,
      { tenant, user },
      { action: 'user.reset_request', operation: 'execute', targets: [{ type: 'user', id: user.id }] },
    );
  }
}
