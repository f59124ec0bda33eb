import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAudit, type Audit, type AuditOptions, type SdkError } from '@bitacora/sdk';
import { afterEach, expect, test } from 'vitest';
import { accept, startScriptedServer } from '../support/scripted-server.ts';

const directory = mkdtempSync(join(tmpdir(), 'bitacora-full-'));
const closers: (() => unknown)[] = [() => rmSync(directory, { recursive: true, force: true })];
afterEach(async () => {
  for (const close of closers.splice(1).toReversed()) await close();
});

const bytesMax = 1_048_576;

/** Captures events; returns how many ended in each state, and the median time of the synchronous part of a call. */
async function captureMany(
  audit: Audit,
  count: number,
): Promise<{ states: Record<string, number>; medianMs: number }> {
  const calls: Promise<string>[] = [];
  const took: number[] = [];
  for (let n = 0; n < count; n++) {
    const began = performance.now();
    const captured = audit.capture({
      action: 'a.b',
      actor: { id: 'ana' },
      description: 'x'.repeat(500),
      attributes: { n },
    });
    took.push(performance.now() - began);
    calls.push(
      (captured ?? Promise.reject(new Error('best effort'))).then(
        ({ state }) => state,
        ({ code }: SdkError) => code,
      ),
    );
    // Twenty calls at a time, because requests do not arrive all in one moment.
    if (n % 20 === 0) await Promise.all(calls.slice(-20));
  }
  const states: Record<string, number> = {};
  for (const state of await Promise.all(calls)) states[state] = (states[state] ?? 0) + 1;
  return { states, medianMs: took.toSorted((a, b) => a - b)[Math.floor(count / 2)] ?? 0 };
}

async function connect(spool: AuditOptions['spool'], onDrop: AuditOptions['onDrop'] = () => undefined) {
  let isUp = false;
  const server = await startScriptedServer((response, events) =>
    isUp ? accept(response, events) : response.writeHead(503).end(),
  );
  const options = { mode: 'durable', retryWaitMaxMs: 50, onDrop } as const;
  const audit = createAudit({ url: server.url, key: 'k', ...options, ...(spool && { spool }) });
  closers.push(server.close, () => audit.close(0));
  return { audit, server, comeBack: () => (isUp = true) };
}

/** Fills a spool. Its events must arrive when the server is back, and then it must accept new events. */
async function expectReported(place: AuditOptions['spool']): Promise<void> {
  let reported = 0;
  const { audit, server, comeBack } = await connect(place, () => (reported += 1));
  const roomy = await captureMany(audit, 500);
  expect(roomy.states).toEqual({ spooled: 500 });
  const { states, medianMs } = await captureMany(audit, 4_000);
  const { spooled = 0, spool_full: full = 0 } = states;
  expect(full).toBeGreaterThan(0);
  expect(spooled + full).toBe(4_000);
  expect(audit.health()).toMatchObject({
    droppedBy: { spool_full: full },
    pending: spooled + 500,
    spooled: spooled + 500,
  });
  await expect.poll(() => reported).toBe(full);
  console.log(
    `full spool: ${full} of 4500 refused, all counted; half of the calls within ${roomy.medianMs.toFixed(3)} ms before, ${medianMs.toFixed(3)} ms when full`,
  );
  // Medians of the same run are compared, because other work of the machine slows both and only some calls.
  expect(medianMs).toBeLessThan(5 * roomy.medianMs);
  comeBack();
  await audit.flush(20_000);
  expect(audit.health()).toMatchObject({ pending: 0, delivered: spooled + 500, submitted: 4_500 });
  expect(new Set(server.batches.flat().map(({ id }) => id)).size).toBe(spooled + 500);
  expect((await captureMany(audit, 10)).states).toEqual({ spooled: 10 });
}

test('F10 an event for which the spool has no room is refused with a typed error, counted and reported', async () => {
  await expectReported({ directory: mkdtempSync(join(directory, 'quota-')), bytesMax });
});

test('F10 the same when the disk itself is full', async ({ skip }) => {
  const disk = mkdtempSync(join(directory, 'disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return skip('only root may mount a small disk');
  }
  closers.push(() => execFileSync('umount', ['-l', disk]));
  await expectReported({ directory: join(disk, 'spool'), segmentBytesMax: 100_000 });
});

test('F10 with a full spool events go to memory if the host chose so, and the receipt says so', async () => {
  const spool = {
    directory: mkdtempSync(join(directory, 'memory-')),
    bytesMax: 10_000,
    whenFull: 'best_effort',
  } as const;
  const { audit, comeBack } = await connect(spool);
  const { states } = await captureMany(audit, 100);
  expect(states['spooled']).toBeGreaterThan(0);
  expect((states['spooled'] ?? 0) + (states['pending'] ?? 0)).toBe(100);
  comeBack();
  expect(await audit.flush(20_000)).toMatchObject({ delivered: 100, dropped: 0 });
});

test('F10 a spool that cannot be created is reported as well', async () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  expect(() =>
    createAudit({ url: 'http://localhost', key: 'k', spool: { directory: join(file, 'spool') } }),
  ).toThrow(/spool\.directory/);
  const gone = mkdtempSync(join(directory, 'gone-'));
  const { audit } = await connect({ directory: gone });
  rmSync(gone, { recursive: true });
  writeFileSync(gone, '');
  expect((await captureMany(audit, 5)).states).toEqual({ spool_failed: 5 });
  expect(audit.health()).toMatchObject({ submitted: 5, dropped: 5, droppedBy: { spool_failed: 5 } });
});
