import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from './test-server.ts';
import { waitUntil } from './wait-until.ts';

export interface TenantWithEvents {
  name: string;
  /** A key with the scopes ingest, read, tree and admin. */
  key: string;
  keyId: string;
  /** The ids of the tenant's events. */
  ids: string[];
}

const scopes = ['ingest', 'read', 'tree', 'admin'];

/** Creates a key over HTTP, as the operator does. */
export async function makeKey(
  server: TestServer,
  key: Record<string, unknown>,
): Promise<{ id: string; secret: string }> {
  let answer = await post(server, '/v1/keys', { name: 'a key', ...key });
  // On a busy machine earlier calls of the operator may still be running.
  while (answer.status === 429) {
    await sleep(200);
    answer = await post(server, '/v1/keys', { name: 'a key', ...key });
  }
  const { status, body } = answer;
  if (status !== 201) throw new Error(`no key: ${JSON.stringify(body)}`);
  return { id: body.key.id, secret: body.secret };
}

/**
 * Creates a tenant with `count` events, a second ledger, a directory record and published tiles. Every text of the events
 * contains `canary`.
 */
export async function makeTenant(
  server: TestServer,
  name: string,
  options: { canary: string; ip: string; count: number },
): Promise<TenantWithEvents> {
  const { canary, ip, count } = options;
  await post(server, '/v1/tenants', { name });
  const { id: keyId, secret: key } = await makeKey(server, { tenant: name, scopes, name: `${canary} key` });
  await post(server, '/v1/ledgers', { name: 'extra' }, key);
  await server.json(`/v1/directory/user/${canary}`, {
    method: 'PUT',
    body: JSON.stringify({ name: canary }),
    headers: json,
    as: key,
  });
  const { body } = await server.send(
    Array.from({ length: count }, () => fullEvent(canary, ip)),
    { as: key },
  );
  await waitUntil(
    'the second ledger',
    async () => (await server.send(fullEvent(canary, ip), { as: key, ledger: 'extra' })).status === 201,
  );
  await waitUntil(
    'a checkpoint',
    async () => (await server.fetch(`/v1/tlog/${name}/checkpoint`, { as: key })).ok,
  );
  return { name, key, keyId, ids: body.results.map((result: { id: string }) => result.id) };
}

const json = { 'content-type': 'application/json' };

function post(server: TestServer, path: string, body: unknown, as?: string): ReturnType<TestServer['json']> {
  return server.json(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: json,
    ...(as === undefined ? {} : { as }),
  });
}

function fullEvent(canary: string, ip: string): Record<string, unknown> {
  const party = { type: canary, id: canary, name: canary };
  return {
    action: `${canary}.write`,
    actor: {
      type: 'user',
      id: canary,
      name: canary,
      email: `${canary}@example.com`,
      role: canary,
      onBehalfOf: party,
    },
    targets: [party],
    subject: { ...party, email: `${canary}@example.org` },
    module: canary,
    description: canary,
    reason: canary,
    error: { code: canary, message: canary },
    tags: [canary],
    attributes: { [canary]: canary, zone: canary },
    context: { [canary]: canary },
    changes: [{ path: canary, before: canary, after: canary }],
    client: { ip, userAgent: canary, country: canary, device: canary },
    request: { method: 'GET', url: `https://example.com/${canary}` },
    sessionId: canary,
    correlationId: canary,
  };
}
