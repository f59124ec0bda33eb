import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { killPostgres } from '../support/kill-postgres.ts';
import { makeEvents } from '../support/make-events.ts';
import { runVerify } from '../support/run-verify.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { letInAdministrator, type DatabaseAdministrator } from './database-administrator.ts';

/** Entries before and after what is cut off: the last ones cross the border of a tile. */
const [older, newer] = [254, 259];
const parts = ['rows', 'head', 'checkpoints', 'tiles', 'file'] as const;
const tablesOf = {
  rows: ['bundle', 'personal', 'entry', 'segment_range'],
  head: ['head'],
  checkpoints: ['checkpoint'],
  tiles: ['tile', 'projection'],
  file: [],
} as const;

interface Subset {
  ledger: string;
  cut: (typeof parts)[number][];
}

/** One ledger for each subset of the parts; bit n of its number says whether part n is put back. */
const subsetsOf = (kind: string): Subset[] =>
  Array.from({ length: 2 ** parts.length }, (_, number) => ({
    ledger: `default.${kind}-${number}`,
    cut: parts.filter((_part, bit) => (number >> bit) % 2 === 1),
  }));
const atStart = subsetsOf('start');
const whileRunning = subsetsOf('running');
const all = [...atStart, ...whileRunning];

const folder = mkdtempSync(join(tmpdir(), 'bitacora-put-back-'));
let server: TestServer;
let administrator: DatabaseAdministrator;

beforeAll(async () => {
  server = await startTestServer();
  for (const { ledger } of all) {
    const body = JSON.stringify({ name: ledger.slice('default.'.length) });
    expect((await server.json('/v1/ledgers', { method: 'POST', body })).status).toBe(201);
  }
  await grow(all, older);
  cpSync(notesOf(), join(folder, 'older'), { recursive: true });
  administrator = await letInAdministrator(server.superuserUrl());
  await grow(all, newer);
});
afterAll(async () => {
  await server?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const notesOf = (): string => join(server.dataDirectory, 'checkpoints');

/** Appends to ledgers until they have so many entries, and waits until these are published. */
async function grow(subsets: readonly Subset[], size: number): Promise<void> {
  for (const { ledger } of subsets) {
    const events = makeEvents(size - sizeOf(await checkpointOf(ledger)));
    // A key learns of new ledgers within two seconds.
    await waitUntil('events stored', async () => (await server.send(events, { ledger })).status === 201);
  }
  for (const { ledger } of subsets)
    await waitUntil('a checkpoint', async () => sizeOf(await checkpointOf(ledger)) === size);
}

async function checkpointOf(ledger: string): Promise<string> {
  const response = await server.fetch(`/v1/tlog/${ledger}/checkpoint`);
  return response.status === 200 ? response.text() : '';
}

const sizeOf = (note: string): number => Number(note.split('\n')[1] ?? 0);

/** Puts the parts of a ledger back to what they were at its older size. */
async function putBack({ ledger, cut }: Subset): Promise<void> {
  const { sql } = administrator;
  const id = await administrator.ledgerId(ledger);
  for (const table of cut.flatMap((part): readonly string[] => tablesOf[part])) {
    const which = table === 'projection' ? "ledger = $1 and name = 'tree'" : 'ledger = $1';
    await sql.query(`delete from ${table} where ${which}`, [id]);
    await sql.query(`insert into ${table} select * from kept.${table} where ${which}`, [id]);
  }
  const file = `${ledger}.notes`;
  if (cut.includes('file')) writeFileSync(join(notesOf(), file), readFileSync(join(folder, 'older', file)));
}

/** Sends an event to each ledger; the first index given out, or the status of the refusal. */
async function append(subsets: readonly Subset[]): Promise<{ cut: string; answer: string }[]> {
  const answers: { cut: string; answer: string }[] = [];
  for (const { ledger, cut } of subsets) {
    const { status, body } = await server.send(makeEvents(1), { ledger });
    const answer = status === 201 ? `index ${body.results[0].index}` : String(status);
    answers.push({ cut: cut.join(), answer });
  }
  return answers;
}

test('F-05 A6 A14 at its start the server finds whatever was put back, in any combination with the rest', async () => {
  const everything = parts.join();
  const [last] = atStart.slice(-1);
  const vkey = (await (await server.fetch(`/v1/tlog/${last?.ledger}/key`)).text()).trim();
  const kept = join(folder, 'kept.notes');
  writeFileSync(kept, await checkpointOf(last?.ledger ?? ''));
  await server.kill();
  for (const subset of atStart) await putBack(subset);
  await server.restart();
  const { status, body } = await server.json('/readyz');
  expect(status).toBe(503);
  const unfound: Record<string, string> = {
    '': `index ${newer}`,
    // What the file lacks is in the database, signed.
    file: `index ${newer}`,
    // The tree is made again from the entries, which are all there.
    'checkpoints,tiles,file': `index ${newer}`,
    // Nothing is left to compare with: a checkpoint kept elsewhere shows it.
    [everything]: `index ${older}`,
  };
  const expected = atStart.map(({ cut }) => ({ cut: cut.join(), answer: unfound[cut.join()] ?? '503' }));
  expect(await append(atStart)).toEqual(expected);
  const named = atStart.filter(({ ledger }) =>
    JSON.stringify(body).includes(`rollback detected in ledger ${ledger}:`),
  );
  expect(named).toEqual(atStart.filter(({ cut }) => unfound[cut.join()] === undefined));
  const { ledger = '' } = last ?? {};
  const verdict = await runVerify([
    ...['--from', server.url, '--ledger', ledger, '--key', server.key],
    ...['--vkey', vkey, '--checkpoint', kept, '--no-values'],
  ]);
  expect(verdict.exitCode, verdict.text).toBe(1);
  // The file was completed, so it protects the newest entries again.
  const filed = atStart.find(({ cut }) => cut.join() === 'file')?.ledger ?? '';
  expect(readFileSync(join(notesOf(), `${filed}.notes`), 'utf8')).toContain(`/${filed}\n${newer}\n`);
});

test('F-05 A6 A14 a running server compares again before it appends to a database that was restarted', async () => {
  await grow(whileRunning, newer + 1);
  for (const subset of whileRunning) await putBack(subset);
  await administrator.leave();
  killPostgres(server.postgresPid());
  await expect.poll(async () => (await server.send(makeEvents(1))).status, { timeout: 600_000 }).toBe(201);
  const unfound = ['', 'file', 'checkpoints,tiles,file'];
  expect(await append(whileRunning)).toEqual(
    whileRunning.map(({ cut }) => ({
      cut: cut.join(),
      answer: unfound.includes(cut.join()) ? `index ${newer + 1}` : '503',
    })),
  );
});
