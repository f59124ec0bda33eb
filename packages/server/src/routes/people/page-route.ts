import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Origin, People } from '../../people/index.ts';
import type { Tenant, Tenants } from '../../access/index.ts';
import { pagePolicy } from '../page-routes.ts';
import type { Call, Route } from '../../http/index.ts';
import type { SessionCookie } from '../../http/index.ts';
import { pageLanguageOf, type PageLanguage } from '../../people/index.ts';

/** A page; with `post`, the route to which the page's form is sent. */
export interface PageRoute {
  path: string;
  summary: string;
  post?: true;
  params?: z.ZodObject;
  query?: z.ZodObject;
  handle(call: Call, language: PageLanguage): string | Promise<string | FastifyReply>;
}

export const tenantQuery = z.object({ tenant: z.string().max(63).optional() });

/** Shows pages in the reader's language with a strict content policy; accepts forms only from our own pages. */
export function createPageRoute(cookie: SessionCookie): (page: PageRoute) => Route {
  return ({ path, summary, post, params, query, handle }) => ({
    method: post ? 'POST' : 'GET',
    path,
    summary,
    permission: undefined,
    ...(params ? { params } : {}),
    ...(query ? { query } : {}),
    ...(post ? { body: 'form' } : {}),
    answer: { status: 200, mediaType: 'text/html; charset=utf-8' },
    handle: async (call) => {
      const language = pageLanguageOf(call.request.headers['accept-language']);
      void call.reply
        .header('content-security-policy', pagePolicy)
        // With `no-referrer` browsers would send our own forms with the origin null, and they would be refused.
        .header('referrer-policy', 'same-origin')
        .header('x-frame-options', 'DENY')
        .header('content-language', language)
        .header('vary', 'Accept-Language');
      if (post) {
        cookie.requireSameOrigin(call.request);
        cookie.requireSafeChannel(call.request);
      }
      return handle(call, language);
    },
  });
}

/** Gives the browser its new session, and ends the one it had. */
export function createEnter(
  { sessions }: People,
  cookie: SessionCookie,
): (call: Pick<Call, 'request' | 'reply'>, secret: string) => Promise<FastifyReply> {
  return async (call, secret) => {
    const oldSecret = cookie.read(call.request);
    const old = oldSecret === undefined ? undefined : await sessions.authenticate(oldSecret);
    if (old) await sessions.revoke(old.user.tenant, old.user.id, old.session.id).catch(() => undefined);
    cookie.set(call.reply, secret);
    return call.reply.redirect('/app/', 303);
  };
}

export function originOf(request: FastifyRequest): Origin {
  return { address: request.ip, userAgent: request.headers['user-agent'] };
}

export function formFields(call: Pick<Call, 'body'>): Readonly<Record<string, string | undefined>> {
  const fields: Record<string, string | undefined> = {};
  if (typeof call.body === 'object' && call.body !== null)
    for (const [name, value] of Object.entries(call.body))
      if (typeof value === 'string') fields[name] = value;
  return fields;
}

export async function tenantNamed(tenants: Tenants, name: string): Promise<Tenant | undefined> {
  return name.length <= 63 && !name.includes('\0') ? tenants.find(name) : undefined;
}

export async function tenantOf(tenants: Tenants, id: number): Promise<Tenant | undefined> {
  return (await tenants.list()).find((tenant) => tenant.id === id);
}
