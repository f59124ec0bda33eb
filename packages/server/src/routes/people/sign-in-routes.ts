import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuditError } from '../../audit-error.ts';
import type { People, SignInAnswer, User } from '../../people/index.ts';
import type { Tenant, Tenants } from '../../access/index.ts';
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
import type { Act } from '../../ingest/index.ts';
import type { Call, Route } from '../../http/index.ts';
import type { SessionCookie } from '../../http/index.ts';
import { createSignInPages } from './sign-in-pages.ts';
import { pageTexts } from './sign-in-texts.ts';
import { type PageLanguage } from '../../people/index.ts';

export interface SignInOptions {
  people: People;
  tenants: Tenants;
  cookie: SessionCookie;
  acts: PersonActs;
  defaultTenant: string;
  /** Whether people may also sign in at an identity provider. */
  provider: boolean;
}

const pages = createSignInPages();

/** The pages to sign in and out. They work without a script. */
export function signInRoutes(options: SignInOptions): Route[] {
  return [signInPage(options), signIn(options), enterCode(options), signOut(options)];
}

function signInPage({ cookie, defaultTenant, provider }: SignInOptions): Route {
  return createPageRoute(cookie)({
    path: '/app/sign-in',
    summary: 'The page to sign in',
    query: tenantQuery,
    handle({ query, request }, language) {
      const problem = isSafe(cookie, request) ? {} : { problem: pageTexts[language].unsafe };
      const tenant = typeof query['tenant'] === 'string' ? query['tenant'] : defaultTenant;
      return pages.signIn({ language, tenant, provider, ...problem });
    },
  });
}

function signIn(options: SignInOptions): Route {
  const { people, tenants, cookie, defaultTenant, provider } = options;
  return createPageRoute(cookie)({
    path: '/app/sign-in',
    summary: 'Sign in with e-mail and password',
    post: true,
    async handle(call, language) {
      const { tenant: name = defaultTenant, email = '', password = '' } = formFields(call);
      const again = (problem: string): string =>
        pages.signIn({ language, tenant: name, email, problem, provider });
      const tenant = await tenantNamed(tenants, name);
      if (!tenant) {
        void call.reply.code(401);
        return again(pageTexts[language].wrong);
      }
      const answer = await people.signIn.withPassword({ tenant, email, password }, originOf(call.request));
      return showAnswer(call, answer, { ...options, tenant, method: 'password', language, again });
    },
  });
}

function enterCode(options: SignInOptions): Route {
  const { people, tenants, cookie } = options;
  return createPageRoute(cookie)({
    path: '/app/sign-in/code',
    summary: 'The second step of signing in: enter a code',
    post: true,
    async handle(call, language) {
      const { pending = '', code = '' } = formFields(call);
      const link = await people.links.look(pending);
      const tenant = link && (await tenantOf(tenants, link.tenant));
      if (!tenant) {
        void call.reply.code(401);
        return pages.message({ language, text: pageTexts[language].gone });
      }
      const answer = await people.signIn.withCode({ pending, code }, originOf(call.request));
      const again = (problem: string): string => pages.code({ language, pending, problem });
      return showAnswer(call, answer, { ...options, tenant, method: 'code', language, again });
    },
  });
}

function signOut({ people, tenants, cookie, acts }: SignInOptions): Route {
  return createPageRoute(cookie)({
    path: '/app/sign-out',
    summary: 'End this session',
    post: true,
    async handle(call) {
      const secret = cookie.read(call.request);
      const signedIn = secret === undefined ? undefined : await people.sessions.authenticate(secret);
      if (signedIn) {
        const { user, session } = signedIn;
        if (formFields(call)['csrf'] !== session.csrf)
          throw new AuditError('forbidden', {
            parameter: 'csrf',
            detail: 'this form does not belong to your session',
          });
        await people.sessions.revoke(user.tenant, user.id, session.id).catch(() => undefined);
        const tenant = await tenantOf(tenants, user.tenant);
        if (tenant) await acts.report(call.request, { tenant, user }, logout(session.id));
      }
      cookie.clear(call.reply);
      return call.reply.redirect('/app/sign-in', 303);
    },
  });
}

interface AnswerOptions extends SignInOptions {
  tenant: Tenant;
  method: 'password' | 'code';
  language: PageLanguage;
  /** Shows the page again with what is wrong. */
  again: (problem: string) => string;
}

/** Records the answer and shows what follows: the start page, the second step, or the same page again. */
async function showAnswer(
  call: Call,
  answer: SignInAnswer,
  { people, cookie, acts, tenant, method, language, again }: AnswerOptions,
): Promise<string | FastifyReply> {
  const texts = pageTexts[language];
  switch (answer.kind) {
    case 'signed_in':
      await acts.report(call.request, { tenant, user: answer.user }, login(answer.user, method));
      return createEnter(people, cookie)(call, answer.cookie);
    case 'code_needed':
      return pages.code({ language, pending: answer.pending });
    case 'locked': {
      void call.reply.code(429).header('retry-after', String(answer.retryAfterSeconds));
      const minutes = String(Math.ceil(answer.retryAfterSeconds / 60));
      return again(texts.locked.replace('{minutes}', minutes));
    }
    case 'refused':
      await acts.report(call.request, { tenant, user: answer.user }, failure(answer, method));
      void call.reply.code(401);
      return again(method === 'code' ? texts.wrongCode : texts.wrong);
  }
}

/** The event of a person who signed in. */
export function login(user: User, method: string): Act {
  return {
    action: 'session.login',
    operation: 'execute',
    level: 'medium',
    targets: [{ type: 'user', id: user.id }],
    attributes: { method },
  };
}

function failure({ user, lockedNow }: SignInAnswer & { kind: 'refused' }, method: string): Act {
  return {
    action: lockedNow ? 'session.lock_out' : 'session.login_failed',
    operation: 'execute',
    outcome: 'failure',
    level: lockedNow ? 'high' : 'medium',
    targets: [{ type: 'user', id: user?.id ?? 'unknown' }],
    attributes: { method },
  };
}

function logout(session: string): Act {
  return {
    action: 'session.logout',
    operation: 'execute',
    level: 'low',
    targets: [{ type: 'session', id: session }],
  };
}

function isSafe(cookie: SessionCookie, request: FastifyRequest): boolean {
  try {
    cookie.requireSafeChannel(request);
    return true;
  } catch {
    return false;
  }
}
