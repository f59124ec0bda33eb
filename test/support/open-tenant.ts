import { makeKey } from './tenant-with-events.ts';
import type { TestServer } from './test-server.ts';

const scopes = ['ingest', 'read', 'tree', 'admin'];

/** Creates a tenant, and returns the server with a key of that tenant: requests use this key unless they name another. */
export async function openTenant(server: TestServer, name: string): Promise<TestServer> {
  const { status } = await server.json('/v1/tenants', { method: 'POST', body: JSON.stringify({ name }) });
  if (status !== 201) throw new Error(`no tenant ${name}: ${status}`);
  const { secret } = await makeKey(server, { tenant: name, scopes });
  const seen: Pick<TestServer, 'key' | 'fetch' | 'json' | 'send'> = {
    key: secret,
    fetch: (path, options) => server.fetch(path, { as: secret, ...options }),
    json: (path, options) => server.json(path, { as: secret, ...options }),
    send: (events, options) => server.send(events, { as: secret, ...options }),
  };
  // All other members, such as the address after a restart, are those of the server.
  return Object.create(
    server,
    Object.fromEntries(Object.entries(seen).map(([key, value]) => [key, { value }])),
  ) as TestServer;
}
