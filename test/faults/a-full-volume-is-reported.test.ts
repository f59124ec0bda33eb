import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey } from '../support/tenant-with-events.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { patienceMs } from '../support/wait-until.ts';

const patience = { timeout: patienceMs };
const event = { action: 'note.write', actor: { id: 'ana' } };
let volume: string;
let server: TestServer | undefined;

/** A file system in memory, of its own. */
function mounted(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'bitacora-volume-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=600m', 'tmpfs', folder]);
  if (status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

const found = process.platform === 'linux' ? mounted() : undefined;

describe.skipIf(found === undefined)('F9 a volume that fills up', () => {
  beforeAll(async () => {
    volume = found ?? '';
    chmodSync(volume, 0o755);
    server = await startTestServer({}, { dataDirectory: volume, fresh: true });
  });

  afterAll(async () => {
    await server?.dispose();
    spawnSync('umount', ['-l', volume]);
    rmSync(volume, { recursive: true, force: true });
  });

  /** Fills the volume up to this share of it. */
  function fill(share: number): void {
    rmSync(join(volume, 'filler'), { force: true });
    const { blocks, bavail, bsize } = statfsSync(volume);
    const bytes = (bavail - blocks * (1 - share)) * bsize;
    writeFileSync(join(volume, 'filler'), Buffer.alloc(Math.max(0, Math.floor(bytes))));
  }

  const asked = async (as: string | undefined): Promise<{ status: number; body: any }> => {
    const headers = as === undefined ? {} : { authorization: `Bearer ${as}` };
    const answer = await fetch(`${server?.url}/readyz`, { headers });
    return { status: answer.status, body: await answer.json() };
  };

  test('raises an alarm at 70 % while the server works on, and takes it back', async () => {
    expect((await asked(server?.key)).body).toEqual({ status: 'ready', problems: [], alarms: [] });
    fill(0.75);
    const alarm = expect.stringMatching(/^the volume of \S+ is 7\d % full, \d+ MiB are free$/);
    await expect.poll(async () => (await asked(server?.key)).body.alarms, patience).toContainEqual(alarm);
    expect(server?.log()).toContain('% full');
    expect((await asked(server?.key)).status).toBe(200);
    expect((await server?.send(event))?.status).toBe(201);
    rmSync(join(volume, 'filler'));
    await expect.poll(async () => (await asked(server?.key)).body.alarms, patience).toEqual([]);
  });

  test('makes the server unready before nothing can be written any more, and ready again with room', async () => {
    fill(0.98);
    await expect.poll(async () => (await asked(undefined)).status, patience).toBe(503);
    rmSync(join(volume, 'filler'));
    await expect.poll(async () => (await asked(undefined)).status, patience).toBe(200);
    expect((await server?.send(event))?.status).toBe(201);
  });

  test('X23 shows everything to operators only: to all others no path, name or size', async () => {
    if (!server) throw new Error('no server');
    const administrator = await makeKey(server, { scopes: ['read', 'admin'] });
    fill(0.98);
    await expect.poll(async () => (await asked(undefined)).status, patience).toBe(503);
    const shown = { status: 'unready', problems: ['a volume is full'] };
    for (const as of [undefined, 'nonsense', administrator.secret])
      expect((await asked(as)).body).toEqual(shown);
    expect((await asked(server.key)).body.problems).toEqual([expect.stringContaining(volume)]);
    rmSync(join(volume, 'filler'));
  });
});
