import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAudit } from '@bitacora/sdk';
import { expect, test } from 'vitest';
import { accept, startScriptedServer, type Respond } from '../support/scripted-server.ts';
import type { HostPlan } from '../support/sdk-host.ts';
import { startHost } from '../support/start-host.ts';

const all = process.env['BITACORA_FAULTS'] === 'full';
const events = 60;

const answers: Record<string, Respond> = {
  '200': accept,
  '429': (response) => response.writeHead(429, { 'retry-after': '30' }).end(),
  '503': (response) => response.writeHead(503).end(),
  hang: () => undefined,
};
const endings: Record<string, { end: HostPlan['end']; signal?: NodeJS.Signals; code: number | string }> = {
  SIGTERM: { end: 'wait', signal: 'SIGTERM', code: 'SIGTERM' },
  idle: { end: 'idle', code: 0 },
  'uncaught exception': { end: 'throw', code: 1 },
  exit: { end: 'exit', code: 3 },
  close: { end: 'close', code: 0 },
};

test('F5 SDK-18 SDK-19 however a host ends, each captured event is delivered or spooled, and the host ends as without the SDK', async () => {
  const shutdowns = all ? 100 : 20;
  const cases = Object.keys(answers).flatMap((answer) =>
    Object.keys(endings).map((ending) => ({ answer, ending })),
  );
  const outcomes: { answer: string; ending: string; faults: string[] }[] = [];
  const next = [...Array(shutdowns).keys()].map((n) => cases[n % cases.length]).values();
  const worker = async (): Promise<void> => {
    for (const ending of next) if (ending) outcomes.push({ ...ending, faults: await shutDown(ending) });
  };
  await Promise.all([worker(), worker(), worker()]);
  const truthful = outcomes.filter(({ faults }) => faults.length === 0).length;
  console.log(`shutdowns: ${truthful} of ${shutdowns} delivered or spooled all that was captured`);
  expect(outcomes).toHaveLength(shutdowns);
  expect(outcomes.filter(({ faults }) => faults.length > 0)).toEqual([]);
});

/** Ends one host; returns the faults in words. */
async function shutDown({ answer, ending }: { answer: string; ending: string }): Promise<string[]> {
  const faults: string[] = [];
  const { end, signal, code } = endings[ending] ?? { end: 'close', code: 0 };
  const directory = mkdtempSync(join(tmpdir(), 'bitacora-spool-'));
  const taken = new Set<unknown>();
  let respond = answers[answer];
  const server = await startScriptedServer((response, batch, call) => {
    if (respond === accept) for (const { attributes } of batch) taken.add(attributes?.n);
    return respond?.(response, batch, call);
  });
  const audit = { url: server.url, key: 'k', batchAfterMs: 5, closeOnExit: 300, spool: { directory } };
  const host = startHost({ audit, run: ending, events, burst: 20, end, closeTimeoutMs: 300 });
  if (signal !== undefined) {
    await host.captured;
    host.child.kill(signal);
  }
  const ended = await host.ended;
  if (ended !== code) faults.push(`ended with ${ended}: ${host.errorText()}`);
  if (end === 'throw' && !host.errorText().includes('the host has a fault'))
    faults.push('the fault was not shown');
  // A signal ends the process without the event `exit`, so the spool is counted on the disk.
  const health = host.health();
  if (signal === undefined && health && health.delivered + health.spooled !== health.submitted)
    faults.push(JSON.stringify(health));
  respond = accept;
  const heir = createAudit({ ...audit, closeOnExit: false, name: directory });
  await expect
    .poll(() => taken.size)
    .toBe(events)
    .catch(() => faults.push(`${taken.size} arrived`));
  await heir.close();
  server.close();
  rmSync(directory, { recursive: true, force: true });
  return faults;
}
