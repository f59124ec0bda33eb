import { z } from 'zod';
import type { Identities, People } from '../../people/index.ts';
import type { Tenant, Tenants } from '../../access/index.ts';
import { AuditError } from '../../audit-error.ts';
import { createEnter, formFields, originOf } from './page-route.ts';
import { pagePolicy } from '../page-routes.ts';
import type { PersonActs } from './person-acts.ts';
import type { Provider, Vouched } from '../../people/index.ts';
import type { Call, Route } from '../../http/index.ts';
import type { SessionCookie } from '../../http/index.ts';
import type { OidcSettings } from '../../people/index.ts';
import { createSignInPages } from './sign-in-pages.ts';
import { login } from './sign-in-routes.ts';
import { pageTexts } from './sign-in-texts.ts';
import { pageLanguageOf } from '../../people/index.ts';

const html = 'text/html; charset=utf-8';

export interface ProviderRouteOptions {
  settings: OidcSettings;
  provider: Provider;
  identities: Identities;
  people: People;
  tenants: Tenants;
  cookie: SessionCookie;
  acts: PersonActs;
}

/** Signing in at an identity provider: there, and back. */
export function providerRoutes(options: ProviderRouteOptions): Route[] {
  const { settings, provider, identities, people, tenants, cookie, acts } = options;
  const enter = createEnter(people, cookie);
  const keptName = `${cookie.name}-provider`;
  const backUri = (call: Call): string => `${cookie.baseOf(call.request)}/app/sign-in/provider/callback`;
  const failed = (call: Call): string => {
    const language = pageLanguageOf(call.request.headers['accept-language']);
    void call.reply.code(403).type(html).header('content-security-policy', pagePolicy);
    return createSignInPages().message({ language, text: pageTexts[language].providerFailed });
  };
  const refused = async (call: Call, tenant: Tenant, why: string): Promise<string> => {
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
    return failed(call);
  };
  return [
    {
      method: 'POST',
      path: '/app/sign-in/provider/logout',
      summary: 'The identity provider says that somebody signed out there: all sessions end',
      permission: undefined,
      body: 'form',
      answer: { status: 200, mediaType: 'application/json; charset=utf-8' },
      async handle(call) {
        const token = formFields(call)['logout_token'] ?? '';
        const tenant = await tenants.find(settings.tenant);
        const gone = await provider.loggedOut(token);
        const known = { ...gone, name: undefined, email: undefined };
        const user = tenant && (await identities.userOf(tenant.id, known, undefined));
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
    },
    {
      method: 'GET',
      path: '/app/sign-in/provider',
      summary: 'To the identity provider',
      permission: undefined,
      answer: { status: 302, mediaType: html },
      async handle(call) {
        cookie.requireSafeChannel(call.request);
        const { url, kept } = await provider.begin(backUri(call));
        cookie.setShort(call.reply, keptName, kept);
        return call.reply.redirect(url, 302);
      },
    },
    {
      method: 'GET',
      path: '/app/sign-in/provider/callback',
      summary: 'Back from the identity provider; signs in',
      permission: undefined,
      query: z.object(
        Object.fromEntries(
          ['code', 'state', 'iss', 'session_state', 'error', 'error_description', 'error_uri', 'scope'].map(
            (name) => [name, z.string().max(4_000).optional()],
          ),
        ),
      ),
      answer: { status: 303, mediaType: html },
      async handle(call) {
        const tenant = await tenants.find(settings.tenant);
        const kept = cookie.read(call.request, keptName);
        cookie.setShort(call.reply, keptName, '');
        // Whoever did not begin here writes nothing, not even a failure.
        if (!tenant || kept === undefined) return failed(call);
        const url = new URL(call.request.url, cookie.baseOf(call.request));
        let vouched: Vouched;
        try {
          vouched = await provider.finish({ url, kept });
        } catch (error) {
          if (!(error instanceof AuditError) || error.code !== 'forbidden') throw error;
          return refused(call, tenant, 'not vouched for');
        }
        const user = await identities.userOf(tenant.id, vouched, settings.defaultRole);
        if (user?.state !== 'active') return refused(call, tenant, 'not invited');
        const secret = await people.signIn.withIdentity(user, originOf(call.request));
        await acts.report(call.request, { tenant, user }, login(user, 'provider'));
        return enter(call, secret);
      },
    },
  ];
}
