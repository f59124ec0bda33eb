import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { makeEvents } from '../support/make-events.ts';
import { readPublishedLedger } from '../support/read-published-ledger.ts';
import { runVerify } from '../support/run-verify.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { letInAdministrator } from './database-administrator.ts';

let server: TestServer | undefined;
const folder = mkdtempSync(join(tmpdir(), 'bitacora-auditor-'));
afterEach(() => server?.dispose());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('F-05 A14 F32 a database put back to an earlier copy is refused by the server and found by verify', async () => {
  server = await startTestServer();
  await server.send(makeEvents(300));
  const before = await readPublishedLedger(server, { sizeLeast: 300 });
  await server.stop();
  const database = join(server.dataDirectory, 'postgres');
  copyWithOwners(database, `${folder}/postgres`);
  await server.restart();
  await server.send(makeEvents(200));
  const after = await readPublishedLedger(server, { sizeLeast: 500 });
  const kept = join(folder, 'kept.notes');
  writeFileSync(kept, `${after.note}\n`);
  await server.stop();
  rmSync(database, { recursive: true });
  copyWithOwners(`${folder}/postgres`, database);
  await server.restart();

  const ready = await server.json('/readyz');
  expect(ready.status).toBe(503);
  expect(JSON.stringify(ready.body)).toContain(
    'rollback detected in ledger default: published size 500, found 300',
  );
  const refused = await server.send(makeEvents(1));
  expect(refused.status).toBe(503);
  const parameters = ['--from', server.url, '--ledger', 'default', '--key', server.key, '--vkey', after.vkey];
  expect(await runVerify([...parameters, '--checkpoint', kept])).toMatchObject({
    exitCode: 1,
    kind: 'truncated',
    sizeExpected: 500,
    rootExpected: after.root.toString('base64'),
    sizeFound: 300,
    rootFound: before.root.toString('base64'),
  });
});

test('F-05 A14 a running server signs nothing after its database was put back', async () => {
  server = await startTestServer();
  await server.send(makeEvents(300));
  await readPublishedLedger(server, { sizeLeast: 300 });
  const administrator = await letInAdministrator(server);
  await server.send(makeEvents(200));
  const after = await readPublishedLedger(server, { sizeLeast: 500 });
  await administrator.restore();
  await administrator.leave();
  await expect.poll(async () => (await server?.json('/readyz'))?.status).toBe(503);
  const refused = await server.send(makeEvents(1));
  expect(refused.status).toBe(503);
  expect(after.size).toBe(500);
});

/** The database runs as a user of its own when the tests are root. */
function copyWithOwners(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}
