import { fastifyCookie } from '@fastify/cookie';
import Fastify, { type FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { createSessionCookie, type SessionCookie } from './session-cookie.ts';

const request = (headers: Record<string, string>): FastifyRequest =>
  ({ headers }) as unknown as FastifyRequest;
/** The answer of a server that reads the cookie to a request with this `Cookie` header. */
async function ask(cookie: SessionCookie, header: string): Promise<{ set: unknown; read: unknown }> {
  const app = Fastify();
  await app.register(fastifyCookie);
  app.get('/', (received, reply) => {
    cookie.set(reply, '1.secret');
    return reply.send({ read: cookie.read(received) });
  });
  app.delete('/', (_received, reply) => {
    cookie.clear(reply);
    return reply.send({});
  });
  const got = await app.inject({ method: 'GET', url: '/', headers: { cookie: header } });
  const cleared = await app.inject({ method: 'DELETE', url: '/' });
  return { set: [got.headers['set-cookie'], cleared.headers['set-cookie']], read: got.json().read };
}

test('X13 over https the cookie is __Host-, Secure, HttpOnly and Lax, without a domain', async () => {
  const cookie = createSessionCookie({ publicUrl: 'https://audit.example.com', hoursMax: 12 });
  const { set, read } = await ask(cookie, 'bitacora=1.planted; __Host-bitacora=1.own');
  expect(set).toEqual([
    '__Host-bitacora=1.secret; Max-Age=43200; Path=/; HttpOnly; Secure; SameSite=Lax',
    '__Host-bitacora=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
  ]);
  expect(read).toBe('1.own');
  expect((await ask(cookie, 'bitacora=1.planted')).read).toBeUndefined();
});

test('X13 when two cookies have the name, both are ignored', async () => {
  const cookie = createSessionCookie({ publicUrl: undefined, hoursMax: 12 });
  expect((await ask(cookie, 'bitacora=1.planted; bitacora=1.own')).read).toBeUndefined();
});

test('X14 the expected origin is the public address, and the host header is ignored', () => {
  const cookie = createSessionCookie({ publicUrl: 'https://audit.example.com', hoursMax: 12 });
  const ask = (headers: Record<string, string>) => () => cookie.requireSameOrigin(request(headers));
  expect(ask({ origin: 'https://audit.example.com', host: 'inside:4000' })).not.toThrow();
  expect(ask({ 'sec-fetch-site': 'same-origin' })).not.toThrow();
  for (const origin of [
    'https://evil.example',
    'http://audit.example.com',
    'https://audit.example.com:444',
    'null',
    '',
  ])
    expect(ask({ origin, host: new URL('https://evil.example').host })).toThrow('another site');
  for (const site of ['cross-site', 'same-site', 'none'])
    expect(ask({ 'sec-fetch-site': site })).toThrow('another site');
});

test('X13 without https people can sign in only from the machine itself', () => {
  const plain = createSessionCookie({ publicUrl: undefined, hoursMax: 12 });
  const safe = (host: string) => () => plain.requireSafeChannel(request({ host }));
  for (const host of ['localhost:4000', '127.0.0.1', '[::1]:4000']) expect(safe(host)).not.toThrow();
  for (const host of [
    'audit.example.com',
    'localhost.evil.example',
    '10.0.0.1:4000',
    '127.0.0.1.evil.example',
  ])
    expect(safe(host)).toThrow('https');
  const encrypted = createSessionCookie({ publicUrl: 'https://audit.example.com', hoursMax: 12 });
  expect(() => encrypted.requireSafeChannel(request({ host: 'inside' }))).not.toThrow();
});
