import { z } from 'zod';
import type { Tenant, Tenants } from '../../access/index.ts';
import { AuditError } from '../../audit-error.ts';
import type { Call, Route, SessionCookie } from '../../http/index.ts';
import type { Mail, PageLanguage, People } from '../../people/index.ts';
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
import { createSignInPages } from './sign-in-pages.ts';
import { login } from './sign-in-routes.ts';
import { pageTexts } from './sign-in-texts.ts';

export interface LinkOptions {
  people: People;
  tenants: Tenants;
  cookie: SessionCookie;
  mail: Mail;
  acts: PersonActs;
  defaultTenant: string;
  onMailError: (error: unknown) => void;
}

const pages = createSignInPages();
const emailCharsMax = 320;

/** The page that sets a password by a one-time link, and the page to ask for such a link. */
export function linkRoutes(options: LinkOptions): Route[] {
  return [linkPage(options), setPasswordPage(options), forgotPage(options), askForReset(options)];
}

function linkPage({ people, cookie }: LinkOptions): Route {
  return createPageRoute(cookie)({
    path: '/app/link/{secret}',
    summary: 'The page of an invitation or a reset',
    params: z.object({ secret: z.string() }),
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
  });
}

function setPasswordPage(options: LinkOptions): Route {
  const { people, cookie } = options;
  const enter = createEnter(people, cookie);
  return createPageRoute(cookie)({
    path: '/app/link',
    summary: 'Set a password by a link, and sign in; a user with codes is asked for one',
    post: true,
    async handle(call, language) {
      const { secret = '', password = '', email = '' } = formFields(call);
      try {
        const used = await people.signIn.withLink({ secret, password, email }, originOf(call.request));
        await reportUse(call, used, options);
        const { next } = used;
        if (next.kind === 'code_needed') return pages.code({ language, pending: next.pending });
        return await enter(call, next.cookie);
      } catch (error) {
        if (!(error instanceof AuditError) || error.status >= 500 || error.status === 429) throw error;
        void call.reply.code(error.status);
        return refusedPage(error, { language, secret, email, people });
      }
    },
  });
}

/** Shows the page again with what is wrong. When the link was used, shows a page that says so. */
async function refusedPage(
  error: AuditError,
  shown: { language: PageLanguage; secret: string; email: string; people: People },
): Promise<string> {
  const { language, secret, email, people } = shown;
  const texts = pageTexts[language];
  if (error.code === 'not_found') return pages.message({ language, text: texts.gone });
  const problem = error.parameter === 'email' ? texts.badEmail : texts.weak;
  const ownEmail = (await people.links.look(secret))?.purpose === 'owner';
  return pages.password({ language, secret, email, problem, ownEmail });
}

async function reportUse(
  { request }: Pick<Call, 'request'>,
  { user, purpose, next }: Awaited<ReturnType<People['signIn']['withLink']>>,
  { tenants, acts }: LinkOptions,
): Promise<void> {
  const tenant = await tenantOf(tenants, user.tenant);
  if (!tenant) throw new AuditError('not_found');
  await acts.report(
    request,
    { tenant, user },
    {
      action: purpose === 'reset' ? 'user.password_reset' : 'user.activate',
      operation: 'update',
      targets: [{ type: 'user', id: user.id }],
    },
  );
  // With codes the sign-in is on record when the code was given.
  if (next.kind === 'signed_in') await acts.report(request, { tenant, user }, login(user, 'link'));
}

function forgotPage({ cookie, defaultTenant }: LinkOptions): Route {
  return createPageRoute(cookie)({
    path: '/app/forgot',
    summary: 'The page to ask for a reset',
    query: tenantQuery,
    handle({ query }, language) {
      const tenant = typeof query['tenant'] === 'string' ? query['tenant'] : defaultTenant;
      return pages.forgot({ language, tenant, sent: false });
    },
  });
}

function askForReset(options: LinkOptions): Route {
  const { cookie, tenants, mail, defaultTenant, onMailError } = options;
  return createPageRoute(cookie)({
    path: '/app/forgot',
    summary: 'Ask for a reset; the answer is the same whether or not the user exists',
    post: true,
    async handle(call, language) {
      const { tenant: name = defaultTenant, email = '' } = formFields(call);
      const tenant = await tenantNamed(tenants, name);
      // The answer does not wait for the message, so its time does not show whether the user exists.
      if (tenant && mail.enabled)
        void sendReset(call, { tenant, email, language }, options).catch(onMailError);
      return pages.forgot({ language, tenant: name, sent: true });
    },
  });
}

async function sendReset(
  { request }: Pick<Call, 'request'>,
  { tenant, email, language }: { tenant: Tenant; email: string; language: PageLanguage },
  { people, mail, cookie, acts }: LinkOptions,
): Promise<void> {
  const name = email.slice(0, emailCharsMax).replaceAll('\0', '').toWellFormed();
  const user = await people.users.byEmail(tenant.id, name);
  if (user?.state !== 'active' || !(await people.signIn.mayReset(user, originOf(request)))) return;
  const secret = await people.links.make({ tenant: tenant.id, user: user.id, purpose: 'reset' });
  const link = `${cookie.baseOf(request)}/app/link/${secret}`;
  await mail.sendLink({ to: user.email, purpose: 'reset', language, link });
  const targets = [{ type: 'user', id: user.id }];
  await acts.report(
    request,
    { tenant, user },
    { action: 'user.reset_request', operation: 'execute', targets },
  );
}
