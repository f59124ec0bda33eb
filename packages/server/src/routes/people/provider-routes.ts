import { z } from 'zod';
import type { Identities, People } from '../../people/index.ts';
import type { Tenant, Tenants } from '../../access/index.ts';
import { AuditError } from '../../audit-error.ts';
import { createEnter, formFields, originOf } from './page-route.ts';
import { pagePolicy } from '../page-routes.ts';
import type { PersonActs } from './person-acts.ts';
import type { Provider, Vouched } from '../../people/index.ts';
import type { FastifyReply } from 'fastify';
import { defineRoute, jsonAnswer, type Call, type Route } from '../../http/index.ts';
import type { SessionCookie } from '../../http/index.ts';
import type { OidcSettings } from '../../people/index.ts';
import { createSignInPages } from './sign-in-pages.ts';
import { login } from './sign-in-routes.ts';
import { pageTexts } from './sign-in-texts.ts';
import { pageLanguageOf } from '../../people/index.ts';

const html = 'text/html; charset=utf-8';
const callbackPath = '/app/sign-in/provider/callback';

export interface ProviderRouteOptions {
  settings: OidcSettings;
  provider: Provider;
  identities: Identities;
  people: People;
  tenants: Tenants;
  cookie: SessionCookie;
  acts: PersonActs;
}

/** Parameters that a provider adds to the callback's address. */
const callbackParameters = [
  'code',
  'state',
  'iss',
  'session_state',
  'error',
  'error_description',
  'error_uri',
  'scope',
];

/** Signing in at an identity provider: the redirect there, the callback, and the provider's report that a person signed out. */
export function providerRoutes(options: ProviderRouteOptions): Route[] {
  return [logoutRoute(options), beginRoute(options), callbackRoute(options)];
}

function logoutRoute({ settings, provider, identities, people, tenants, acts }: ProviderRouteOptions): Route {
  return defineRoute({
    method: 'POST',
    path: '/app/sign-in/provider/logout',
    summary: 'The identity provider reports that a person signed out there: all their sessions end',
    permission: undefined,
    body: 'form',
    answer: jsonAnswer(z.object({})),
    async handle(call) {
      const token = formFields(call)['logout_token'] ?? '';
      const tenant = await tenants.find(settings.tenant);
      const { issuer, subject } = await provider.loggedOut(token);
      const identity = { issuer, subject, name: undefined, email: undefined };
      const user = tenant && (await identities.userOf(tenant.id, identity, undefined));
      if (tenant && user) {
        await people.sessions.revokeOthers(user.tenant, user.id);
        await acts.report(
          call.request,
          { tenant, user },
          {
            action: 'session.logout',
            operation: 'execute',
            level: 'low',
            targets: [{ type: 'user', id: user.id }],
          },
        );
      }
      return {};
    },
  });
}

function beginRoute({ provider, cookie }: ProviderRouteOptions): Route {
  return defineRoute({
    method: 'GET',
    path: '/app/sign-in/provider',
    summary: 'Redirect to the identity provider',
    permission: undefined,
    answer: { status: 302, mediaType: html },
    async handle({ request, reply }) {
      cookie.requireSafeChannel(request);
      const { url, kept } = await provider.begin(`${cookie.baseOf(request)}${callbackPath}`);
      cookie.setShort(reply, keptName(cookie), kept);
      return reply.redirect(url, 302);
    },
  });
}

function callbackRoute(options: ProviderRouteOptions): Route {
  const { settings, tenants, cookie } = options;
  return defineRoute({
    method: 'GET',
    path: callbackPath,
    summary: 'The callback of the identity provider; signs in',
    permission: undefined,
    query: z.object(
      Object.fromEntries(callbackParameters.map((name) => [name, z.string().max(4_000).optional()])),
    ),
    answer: { status: 303, mediaType: html },
    async handle(call) {
      const tenant = await tenants.find(settings.tenant);
      const kept = cookie.read(call.request, keptName(cookie));
      cookie.setShort(call.reply, keptName(cookie), '');
      // A browser that did not begin here gets nothing recorded, not even a failure.
      if (!tenant || kept === undefined) return failedPage(call);
      return finish(call, { tenant, kept }, options);
    },
  });
}

/** Signs in the person whom the provider vouches for. */
async function finish(
  call: PageCall,
  { tenant, kept }: { tenant: Tenant; kept: string },
  options: ProviderRouteOptions,
): Promise<string | FastifyReply> {
  const { settings, provider, identities, people, cookie, acts } = options;
  const url = new URL(call.request.url, cookie.baseOf(call.request));
  let vouched: Vouched;
  try {
    vouched = await provider.finish({ url, kept });
  } catch (error) {
    if (!(error instanceof AuditError) || error.code !== 'forbidden') throw error;
    return refuse(call, { tenant, acts, why: 'not vouched for' });
  }
  const user = await identities.userOf(tenant.id, vouched, settings.defaultRole);
  if (user?.state !== 'active') return refuse(call, { tenant, acts, why: 'not invited' });
  const secret = await people.signIn.withIdentity(user, originOf(call.request));
  await acts.report(call.request, { tenant, user }, login(user, 'provider'));
  return createEnter(people, cookie)(call, secret);
}

type PageCall = Pick<Call, 'request' | 'reply'>;

async function refuse(
  call: PageCall,
  { tenant, acts, why }: { tenant: Tenant; acts: PersonActs; why: string },
): Promise<string> {
  await acts.report(
    call.request,
    { tenant, user: undefined },
    {
      action: 'session.login_failed',
      operation: 'execute',
      outcome: 'failure',
      level: 'medium',
      targets: [{ type: 'user', id: 'unknown' }],
      attributes: { method: 'provider', why },
    },
  );
  return failedPage(call);
}

function failedPage({ request, reply }: PageCall): string {
  const language = pageLanguageOf(request.headers['accept-language']);
  void reply.code(403).type(html).header('content-security-policy', pagePolicy);
  return createSignInPages().message({ language, text: pageTexts[language].providerFailed });
}

/** The cookie that a browser keeps while it is at the provider. */
function keptName(cookie: SessionCookie): string {
  return `${cookie.name}-provider`;
}
