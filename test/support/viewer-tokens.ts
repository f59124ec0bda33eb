import { createHmac } from 'node:crypto';
import type { TestServer } from './test-server.ts';

const secret = 'a-secret-of-the-host-application-0123456789';
const issuer = 'https://host.example';
const kid = 'host-of-the-test';

/**
 * Registers a host's key in the tenant of the server's key. Returns a function that makes the tokens (RFC 7519, HS256) of the
 * host's users.
 */
export async function viewerTokens(
  server: TestServer,
  tenant = 'default',
): Promise<(sub: string, ...roles: string[]) => string> {
  const { status, body } = await server.json(`/v1/viewer-keys/${kid}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ issuer, algorithm: 'HS256', key: Buffer.from(secret).toString('base64url') }),
  });
  if (status !== 200) throw new Error(`the key was refused: ${JSON.stringify(body)}`);
  return (sub, ...roles) => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: issuer, sub, tenant, roles, iat: now, exp: now + 1_800 };
    const signed = `${part({ alg: 'HS256', kid, typ: 'JWT' })}.${part(claims)}`;
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  };
}
