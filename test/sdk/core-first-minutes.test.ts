import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAudit, type AuditOptions } from '@bitacora/sdk';
import { afterEach, expect, test } from 'vitest';
import {
  accept,
  startScriptedServer,
  type Respond,
  type ScriptedServer,
} from '../support/scripted-server.ts';

const directory = mkdtempSync(join(tmpdir(), 'bitacora-first-minutes-'));
const closers: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
afterEach(async () => {
  for (const close of closers.splice(1).toReversed()) await close();
});

async function start(respond: Respond): Promise<ScriptedServer> {
  const server = await startScriptedServer(respond);
  closers.push(server.close);
  return server;
}

const event = { action: 'a.b', actor: { id: 'ana' } };

test.each(['flush', 'close'] as const)(
  'SDK-18 SDK-20 a process that calls %s right after its start sends what another process left in the spool',
  async (ending) => {
    const spool = { directory: join(directory, ending) };
    const options: AuditOptions = { key: 'k', retryWaitMaxMs: 5, spool, onError: () => undefined };
    const away = await start((response) => response.writeHead(503).end());
    const first = createAudit({ ...options, url: away.url, mode: 'durable' });
    for (let n = 0; n < 20; n++) await first.capture(event);
    expect(await first.close(50)).toMatchObject({ spooled: 20 });
    const server = await start(accept);
    const next = createAudit({ ...options, url: server.url });
    await next[ending]();
    expect(next.health().recovered).toEqual({ delivered: 20, rejected: 0, pending: 0 });
    await next.close();
    expect(server.batches.flat()).toHaveLength(20);
    expect(readdirSync(spool.directory)).toEqual([]);
  },
);

test('SDK-24 a host without onError gets one warning for each kind of error, such as a wrong key', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): unknown => warnings.push(warning);
  process.on('warning', note);
  closers.push(() => process.off('warning', note));
  const server = await start((response) => response.writeHead(403).end('{"title":"not with this key"}'));
  const audit = createAudit({ url: server.url, key: 'wrong', batchAfterMs: 5 });
  for (let n = 0; n < 3; n++) {
    void audit.capture(event);
    await audit.flush();
  }
  await audit.close();
  await expect.poll(() => warnings).toHaveLength(1);
  expect(warnings[0]).toMatchObject({ name: 'BitacoraWarning', code: 'BITACORA_REFUSED' });
  expect(warnings[0]?.message).toContain('the server answered 403');
});
