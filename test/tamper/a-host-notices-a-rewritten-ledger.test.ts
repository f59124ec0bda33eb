import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAudit } from '@bitacora/sdk';
import {
  watchLedger,
  type LedgerProblem,
  type LedgerWatch,
  type WatchOptions,
  type WatchVerdict,
} from '@bitacora/sdk/witness';
import { createEd25519Signer, formatCheckpoint, signNote } from '@bitacora/tlog';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeEvents } from '../support/make-events.ts';
import { readCheckpoint } from '../support/read-checkpoint.ts';
import { leafHash, rootOf } from '../support/rfc6962.ts';
import { runVerify } from '../support/run-verify.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { letInAdministrator, type DatabaseAdministrator } from './database-administrator.ts';

const size = 300;

let server: TestServer;
let administrator: DatabaseAdministrator;
let vkey: string;
let ledger: number;
let receipts: { index: number; leafHash: string }[];
const folder = mkdtempSync(join(tmpdir(), 'bitacora-witness-'));
const watches: LedgerWatch[] = [];

beforeAll(async () => {
  server = await startTestServer();
  vkey = (await (await server.fetch('/v1/tlog/default/key')).text()).trim();
  receipts = (await server.send(makeEvents(size))).body.results;
});
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.close()));
  await administrator?.restore();
});
afterAll(async () => {
  await administrator?.leave();
  await server?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** A watch that checks only when the test calls `check`; by default in a new directory. */
function watch(options: Partial<WatchOptions> = {}): LedgerWatch & {
  problems: LedgerProblem[];
  directory: string;
} {
  const problems: LedgerProblem[] = [];
  const directory = options.directory ?? join(mkdtempSync(join(folder, 'host-')), 'kept');
  const watched = watchLedger({
    url: server.url,
    key: server.key,
    ledger: 'default',
    verifierKey: vkey,
    directory,
    everyMs: 3_600_000,
    onProblem: (problem) => problems.push(problem),
    ...options,
  });
  watches.push(watched);
  return { ...watched, problems, directory };
}

/** A new checkpoint takes up to two seconds. */
async function expectSize(watched: LedgerWatch, expected: number): Promise<void> {
  const sizeOf = (verdict: WatchVerdict): unknown =>
    verdict.state === 'consistent' ? verdict.checkpoint.size : verdict;
  await expect.poll(async () => sizeOf(await watched.check())).toBe(expected);
}

/** Publishes another history, signed with the server's key, as an administrator who has that key could do. */
async function publish(lines: readonly string[]): Promise<void> {
  await administrator.replaceTiles(ledger, lines);
  await administrator.sql.query('delete from checkpoint where ledger = $1', [ledger]);
  const seed = Buffer.from(
    readFileSync(join(server.dataDirectory, 'keys/signing'), 'utf8').trim(),
    'base64url',
  );
  await insertNote(lines, seed);
}

async function insertNote(lines: readonly string[], seed: Uint8Array): Promise<void> {
  const origin = vkey.split('+')[0] ?? '';
  const root = rootOf(lines.map((line) => leafHash(Buffer.from(line))));
  const note = await signNote(formatCheckpoint({ origin, size: lines.length, root }), [
    createEd25519Signer({ name: origin, seed }),
  ]);
  const text = 'insert into checkpoint (ledger, size, note, published) values ($1, $2, $3, true)';
  await administrator.sql.query(text, [ledger, lines.length, note]);
}

async function historyWith(index: number): Promise<string[]> {
  const lines = await administrator.lines(ledger);
  return lines.with(index, (lines[index] ?? '').replace('"id":"', '"id":"0'));
}

test('SDK-26 a ledger that only grows is consistent, also after restarts of the host, and contains the receipts', async () => {
  const first = watch();
  for (const receipt of receipts.slice(0, 40)) expect(first.receipt(receipt)).toBe(true);
  await expectSize(first, size);
  expect(await first.check()).toMatchObject({ state: 'consistent', receipts: 0, receiptsWaiting: 0 });
  const [note = '', ...others] = readdirSync(first.directory);
  expect(others).toEqual([]);
  expect(statSync(first.directory).mode & 0o777).toBe(0o700);
  expect(statSync(join(first.directory, note)).mode & 0o777).toBe(0o600);
  expect(readCheckpoint(readFileSync(join(first.directory, note), 'utf8'), vkey).size).toBe(size);
  await first.close();
  expect(await first.check()).toMatchObject({ state: 'unknown' });

  const audit = createAudit({ url: server.url, key: server.key, name: 'watched', mode: 'strict' });
  const second = watch({ directory: first.directory, audit });
  for (let n = 0; n < 7; n++) await audit.capture({ action: 'a.b', actor: { id: 'ana' } });
  await expect
    .poll(() => second.check())
    .toMatchObject({ state: 'consistent', checkpoint: { size: size + 7 }, receipts: 1 });
  await audit.close();
  expect([...first.problems, ...second.problems]).toEqual([]);
  administrator = await letInAdministrator(server);
  ledger = await administrator.ledgerId('default');
});

test('SDK-26 A3 A13 a history rewritten and signed with the stolen key of the server is a fork, proved by both notes', async () => {
  const host = watch();
  await expectSize(host, size + 7);
  await host.close();
  await publish(await historyWith(7));

  const { directory } = host;
  const again = watch({ directory });
  const verdict = await again.check();
  expect(verdict).toMatchObject({ state: 'problem', kind: 'fork' });
  // Each check finds the fork, and it is reported once.
  expect(await again.check()).toMatchObject({ kind: 'fork' });
  expect(again.problems).toHaveLength(1);
  const [{ kept, found } = {}] = again.problems;
  const before = readCheckpoint(kept?.note ?? '', vkey);
  const after = readCheckpoint(found?.note ?? '', vkey);
  expect([before.size, after.size]).toEqual([size + 7, size + 7]);
  expect(before.root.equals(after.root)).toBe(false);
  const proof = readdirSync(directory).find((name) => name.includes('contradict')) ?? '';
  expect(
    await runVerify([
      '--from',
      server.url,
      '--ledger',
      'default',
      '--key',
      server.key,
      '--vkey',
      vkey,
      '--no-values',
      '--checkpoint',
      join(directory, proof),
    ]),
  ).toMatchObject({ exitCode: 1, kind: 'fork' });

  const honest = watch({ directory });
  await administrator.restore();
  expect(await honest.check()).toMatchObject({ state: 'consistent' });
});

test('SDK-26 A3 A13 a rewritten history that continues to grow is reported, and a history that only grows is not', async () => {
  const honest = watch();
  const deceived = watch();
  await Promise.all([expectSize(honest, size + 7), expectSize(deceived, size + 7)]);
  const grown = [...(await administrator.lines(ledger)), 'one more', 'and another'];
  await publish(grown);
  expect(await honest.check()).toMatchObject({ state: 'consistent', checkpoint: { size: size + 9 } });
  for (const index of [0, 255, 256, size + 6]) {
    await publish([...(await historyWith(index)), 'one more', 'and another']);
    expect(await deceived.check(), `entry ${index}`).toMatchObject({
      kind: 'fork',
      kept: { size: size + 7 },
    });
    // A host that kept the newer checkpoint sees two different checkpoints of one size.
    expect(await honest.check(), `entry ${index}`).toMatchObject({ kind: 'fork', kept: { size: size + 9 } });
  }
  expect([honest.problems.length, deceived.problems.length]).toEqual([1, 1]);
});

test('SDK-26 A6 A14 a ledger that was cut off is a rollback, with a new signature or without any', async () => {
  const host = watch();
  await expectSize(host, size + 7);
  const lines = (await administrator.lines(ledger)).slice(0, 290);
  await publish(lines);
  expect(await host.check()).toMatchObject({
    kind: 'rollback',
    kept: { size: size + 7 },
    found: { size: 290 },
  });
  await administrator.sql.query('delete from checkpoint where ledger = $1', [ledger]);
  expect(await host.check()).toMatchObject({ kind: 'rollback', kept: { size: size + 7 } });
});

test('SDK-26 A7 A13 a receipt shows that an entry was replaced or cut off before its checkpoint reached the host', async () => {
  const lines = await historyWith(7);
  await publish(lines);
  const host = watch();
  for (const receipt of receipts) host.receipt(receipt);
  const { problems } = host;
  await expect.poll(() => problems.length).toBe(1);
  const shown = (index: number): object => ({ index, leafHash: receipts[index]?.leafHash });
  expect(problems[0]).toMatchObject({ kind: 'receipt', receipt: shown(7) });
  expect(await host.check()).toMatchObject({ kind: 'receipt', receipt: { index: 7 } });

  await administrator.restore();
  await publish((await administrator.lines(ledger)).slice(0, 290));
  const late = watch({ receiptWithinMs: 1 });
  for (const receipt of receipts.slice(280)) late.receipt(receipt);
  await expect.poll(() => late.problems).toMatchObject([{ kind: 'receipt', receipt: shown(290) }]);
  const patient = watch();
  for (const receipt of receipts.slice(280)) patient.receipt(receipt);
  await expect.poll(() => patient.check()).toMatchObject({ state: 'consistent', receiptsWaiting: 10 });
});

test('SDK-26 a foreign signature, tiles of another tree and a changed note of the host are reported', async () => {
  const host = watch();
  await expectSize(host, size + 7);
  const lines = await administrator.lines(ledger);
  await administrator.sql.query('delete from checkpoint where ledger = $1', [ledger]);
  await insertNote(lines, new Uint8Array(32).fill(1));
  expect(await host.check()).toMatchObject({ kind: 'bad_signature', text: expect.stringContaining('no') });

  await publish([...lines, 'one more']);
  await administrator.replaceTiles(ledger, [...(await historyWith(7)), 'one more']);
  expect(await host.check()).toMatchObject({ kind: 'tiles' });
  await administrator.sql.query('delete from tile where ledger = $1', [ledger]);
  expect(await host.check()).toMatchObject({ kind: 'tiles' });

  const [name = ''] = readdirSync(host.directory);
  const kept = readFileSync(join(host.directory, name), 'utf8');
  writeFileSync(join(host.directory, name), kept.replace(`\n${size + 7}\n`, `\n${size}\n`));
  expect(await host.check()).toMatchObject({ kind: 'kept_note' });
  // Wrong tiles and missing tiles are two different problems.
  expect(host.problems.map(({ kind }) => kind)).toEqual(['bad_signature', 'tiles', 'tiles', 'kept_note']);
});

test('SDK-26 a server that cannot be read is reported only when it is silent for too long; a callback that throws does not stop the watch', async () => {
  const nobody = { url: 'http://127.0.0.1:1' };
  const patient = watch(nobody);
  expect(await patient.check()).toMatchObject({ state: 'unknown', reason: expect.stringContaining('ECONN') });
  expect(await watch({ key: 'no-such-key' }).check()).toEqual({
    state: 'unknown',
    reason: 'the server answered 401',
  });
  const problems: string[] = [];
  const impatient = watch({
    ...nobody,
    silentAfterMs: 1,
    everyMs: 5,
    onProblem({ kind }) {
      problems.push(kind);
      throw new Error('a bug of the host');
    },
  });
  await expect.poll(() => problems).toEqual(['silent']);
  expect(await impatient.check()).toMatchObject({ kind: 'silent' });
  expect(problems).toEqual(['silent']);
  expect(patient.problems).toEqual([]);
});

test('SDK-26 options that cannot work are refused at the start', () => {
  const wrong: Record<string, any>[] = [
    { url: 'localhost' },
    { key: '' },
    { ledger: '' },
    { directory: '' },
    { verifierKey: 'x' },
    { everyMs: 0 },
    { receiptsMax: 'many' },
    { onProblem: undefined },
  ];
  for (const options of wrong)
    expect(() => watch(options)).toThrow(new RegExp(`^watchLedger: ${Object.keys(options)[0]}: `));
});
