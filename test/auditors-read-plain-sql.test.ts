import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './support/test-server.ts';

let server: TestServer;
let auditor: pg.Client;

beforeAll(async () => {
  server = await startTestServer();
  await server.json('/v1/tenants', { method: 'POST', body: '{"name":"other"}' });
  const other = await server.json('/v1/keys', {
    method: 'POST',
    body: JSON.stringify({ name: 'other', tenant: 'other', scopes: ['ingest'] }),
  });
  await server.send(
    Array.from({ length: 40 }, (_, n) => ({
      action: 'invoice.pay',
      actor: { id: `u${n % 4}`, name: 'Ana' },
      target: { type: 'invoice', id: String(n) },
    })),
  );
  await server.send({ action: 'secret.act', actor: { id: 'spy' } }, { as: other.body.secret });
  const superuser = new pg.Client({ connectionString: server.superuserUrl() });
  await superuser.connect();
  await superuser.query("create role ines login password 'ines' in role bitacora_auditor");
  await superuser.query(
    "insert into bitacora.sql_auditor select 'ines', id from bitacora.tenant where name = 'default'",
  );
  await superuser.end();
  const url = new URL(server.superuserUrl());
  url.username = 'ines';
  url.password = 'ines';
  auditor = new pg.Client({ connectionString: url.href });
  await auditor.connect();
});
afterAll(async () => {
  await auditor.end();
  await server.dispose();
});

test('an auditor with a login of their own counts and reads their tenant’s events in plain SQL', async () => {
  const found = await auditor.query(
    'select actor, count(*)::integer as count from bitacora.event group by actor order by actor',
  );
  expect(found.rows).toEqual(['u0', 'u1', 'u2', 'u3'].map((actor) => ({ actor, count: 10 })));
  const entry = await auditor.query(
    "select ledger, index::integer, target_type, at <= now() as past from bitacora.event where target_id = '17'",
  );
  expect(entry.rows).toEqual([{ ledger: 'default', index: 17, target_type: 'invoice', past: true }]);
});

test('the auditor sees nothing of another tenant, whatever they set, and changes nothing', async () => {
  for (const setting of ['', "set bitacora.ledgers = '1,2,3,4,5'", "set bitacora.tenant = '2'"]) {
    if (setting) await auditor.query(setting);
    const found = await auditor.query(
      "select count(*)::integer as count from bitacora.event where action = 'secret.act'",
    );
    expect(found.rows[0].count).toBe(0);
  }
  for (const forbidden of [
    "update bitacora.bundle set entries = ''",
    'delete from bitacora.bundle',
    'select * from bitacora.bundle_1',
    'select * from bitacora.personal',
    'select * from bitacora.person',
    "insert into bitacora.sql_auditor values ('ines', 2)",
    'set role bitacora_reader',
  ]) {
    await expect(auditor.query(forbidden), forbidden).rejects.toThrow(
      /permission denied|not permitted|must be/,
    );
  }
});
