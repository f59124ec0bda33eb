import type { FastifyReply, FastifyRequest } from 'fastify';
import { expect, test } from 'vitest';
import { createSessionCookie } from './session-cookie.ts';

const request = (headers: Record<string, string>): FastifyRequest =>
  ({ headers }) as unknown as FastifyRequest;
function replyThat(keeps: string[]): FastifyReply {
  const reply = { header: (_: string, line: string) => (keeps.push(line), reply) };
  return reply as unknown as FastifyReply;
}

test('X13 over https the cookie is __Host-, Secure, HttpOnly, Lax and of no domain', () => {
  const lines: string[] = [];
  const cookie = createSessionCookie({ publicUrl: 'https://audit.example.com', hoursMax: 12 });
  cookie.set(replyThat(lines), '1.secret');
  cookie.clear(replyThat(lines));
  expect(lines).toEqual([
    '__Host-bitacora=1.secret; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure',
    '__Host-bitacora=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure',
  ]);
  expect(cookie.read(request({ cookie: 'bitacora=1.planted; __Host-bitacora=1.own' }))).toBe('1.own');
  expect(cookie.read(request({ cookie: 'bitacora=1.planted' }))).toBeUndefined();
});

test('X14 the origin is that of the public address, whatever the host header says', () => {
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

test('X13 without https people sign in from the machine itself only', () => {
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
