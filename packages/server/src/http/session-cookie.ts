import '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuditError } from '../audit-error.ts';

/** The cookie of a person who signed in, and the checks that keep other sites from using it. */
export interface SessionCookie {
  readonly name: string;
  /** The base URL of the pages and links of this installation, without a slash at the end. */
  baseOf(request: FastifyRequest): string;
  read(request: FastifyRequest, name?: string): string | undefined;
  set(reply: FastifyReply, value: string): void;
  clear(reply: FastifyReply): void;
  /** Sets a short-lived cookie with the same protection, such as the state of a sign-in at an identity provider. */
  setShort(reply: FastifyReply, name: string, value: string): void;
  /** Cookies are sent only over https, or to this machine itself. @throws forbidden */
  requireSafeChannel(request: FastifyRequest): void;
  /** @throws forbidden when a browser says that another site sent the request */
  requireSameOrigin(request: FastifyRequest): void;
}

const shortSeconds = 600;
const cookieCharsMax = 8_192;
const loopback = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * The cookie is `__Host-bitacora` over https, which no other host or path can set. On plain http, which is allowed only to
 * this machine itself, browsers refuse that prefix, so the name is `bitacora`.
 */
export function createSessionCookie(options: {
  publicUrl: string | undefined;
  hoursMax: number;
}): SessionCookie {
  const { publicUrl } = options;
  const secure = publicUrl?.startsWith('https://') ?? false;
  const prefix = secure ? '__Host-' : '';
  const name = `${prefix}bitacora`;
  const add = (reply: FastifyReply, cookie: string, value: string, maxAge: number): void =>
    void reply.setCookie(cookie, value, { path: '/', maxAge, httpOnly: true, sameSite: 'lax', secure });
  const baseOf = (request: FastifyRequest): string =>
    publicUrl ?? `http://${request.headers.host ?? 'localhost'}`;
  return {
    name,
    baseOf,
    read(request, cookie = name) {
      const header = request.headers.cookie;
      if (header === undefined || header.length > cookieCharsMax) return undefined;
      // When two cookies have this name, another site may have set one of them. We cannot tell which one, so neither counts.
      const count = header.split(';').filter((part) => part.trim().startsWith(`${cookie}=`)).length;
      return count === 1 ? request.cookies[cookie] : undefined;
    },
    set: (reply, value) => add(reply, name, value, options.hoursMax * 3_600),
    clear: (reply) => add(reply, name, '', 0),
    setShort: (reply, cookie, value) => add(reply, cookie, value, value === '' ? 0 : shortSeconds),
    requireSafeChannel(request) {
      if (
        secure ||
        loopback.test(publicUrl === undefined ? (request.headers.host ?? '') : new URL(publicUrl).host)
      )
        return;
      throw new AuditError('forbidden', {
        detail: 'signing in needs https: set BITACORA_PUBLIC_URL to the https address of this server',
      });
    },
    requireSameOrigin(request) {
      const { origin } = request.headers;
      const site = request.headers['sec-fetch-site'];
      const foreign =
        (origin !== undefined && origin !== new URL(baseOf(request)).origin) ||
        (site !== undefined && site !== 'same-origin');
      if (foreign) throw new AuditError('forbidden', { detail: 'another site sent this request' });
    },
  };
}
