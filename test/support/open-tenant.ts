import { makeKey } from './tenant-with-events.ts';
import type { TestServer } from './test-server.ts';

const scopes = ['ingest', 'read', 'tree', 'admin'];

/** A new tenant, and the server as that tenant sees it: requests that name no other key use a key of the tenant. */
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
  // The rest, as its address after a restart, is the server's own.
  return Object.create(
    server,
    Object.fromEntries(Object.entries(seen).map(([key, value]) => [key, { value }])),
  ) as TestServer;
}
