import { generateKeyPairSync, randomInt, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeEvents } from '../support/make-events.ts';
import { readPublishedLedger, type PublishedLedger } from '../support/read-published-ledger.ts';
import { leafHash, rootOf, sha256 } from '../support/rfc6962.ts';
import { runVerify, type Verdict } from '../support/run-verify.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { letInAdministrator, type DatabaseAdministrator } from './database-administrator.ts';

const all = process.env['BITACORA_FAULTS'] === 'full';
const segmentEntries = 600;

/**
 * A ledger that grew in steps, and what its auditor kept outside the server: a checkpoint of each step, and the host's
 * receipts.
 */
interface Kept {
  name: string;
  size: number;
  id: number;
  steps: PublishedLedger[];
  last: PublishedLedger;
  checkpointFile: string;
  receiptFile: string;
}

let server: TestServer;
let administrator: DatabaseAdministrator;
let folder: string;
const ledgers: Kept[] = [];
const sizes = all ? [1, 1_023, 2_100, 30_000] : [1, 1_023, 2_100];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bitacora-auditor-'));
  server = await startTestServer({ BITACORA_SEGMENT_ENTRIES_MAX: String(segmentEntries) });
  for (const size of sizes) {
    const body = JSON.stringify({ name: `of-${size}` });
    expect((await server.json('/v1/ledgers', { method: 'POST', body })).status).toBeLessThan(300);
  }
  // A new ledger is visible to a key within two seconds.
  await sleep(2_100);
  ledgers.push(...(await Promise.all(sizes.map(build))));
  administrator = await letInAdministrator(server);
  for (const ledger of ledgers) ledger.id = await administrator.ledgerId(ledger.name);
});
afterEach(() => administrator.restore());
afterAll(async () => {
  await administrator?.leave();
  await server?.dispose();
  rmSync(folder, { recursive: true, force: true });
});

/** Fills the ledger in three steps, so that there are older checkpoints and closed segments. */
async function build(size: number): Promise<Kept> {
  const name = `default.of-${size}`;
  const steps: PublishedLedger[] = [];
  const receipts: unknown[] = [];
  const stepSizes = size === 1 ? [1] : [Math.floor(size / 3), Math.floor(size / 2), size];
  let sent = 0;
  for (const until of stepSizes) {
    for (; sent < until; sent += Math.min(500, until - sent)) {
      const { status, body } = await server.send(makeEvents(Math.min(500, until - sent)), { ledger: name });
      expect(status).toBe(201);
      receipts.push(body);
    }
    steps.push(await readPublishedLedger(server, { ledger: name, sizeLeast: until }));
    // A full segment is closed within two seconds.
    await sleep(2_200);
  }
  const last = steps.at(-1);
  if (!last) throw new Error('no step');
  const checkpointFile = join(folder, `${size}.notes`);
  writeFileSync(checkpointFile, steps.map(({ note }) => `${note}\n`).join(''));
  const receiptFile = join(folder, `${size}.receipts`);
  writeFileSync(receiptFile, receipts.map((receipt) => `${JSON.stringify(receipt)}\n`).join(''));
  return { name, size, id: 0, steps, last, checkpointFile, receiptFile };
}

type With = 'checkpoint' | 'receipt' | 'leaves';

function verify(ledger: Kept, ...having: With[]): Promise<Verdict> {
  return runVerify([
    '--from',
    server.url,
    '--ledger',
    ledger.name,
    '--key',
    server.key,
    '--vkey',
    ledger.last.vkey,
    ...(having.includes('checkpoint') ? ['--checkpoint', ledger.checkpointFile] : []),
    ...(having.includes('receipt') ? ['--receipt', ledger.receiptFile] : []),
    ...(having.includes('leaves') ? ['--leaves', leafFileOf(ledger)] : []),
  ]);
}

/** The files that the server keeps outside the database. */
function leafFileOf({ name }: Kept): string {
  return join(server.dataDirectory, 'checkpoints', `${name}.leaves`);
}

function expectIndex(verdict: Verdict, index: number): void {
  expect(verdict, verdict.text).toMatchObject({ ok: false, exitCode: 1, index });
}

/** Checks a result when the tiles were rewritten too. Without receipts or leaf hashes, the kept checkpoints only give a range. */
function expectRange(verdict: Verdict, index: number): void {
  expect(verdict.exitCode, verdict.text).toBe(1);
  if (verdict.kind !== 'differsWithin') return expectIndex(verdict, index);
  expect(verdict.from).toBeLessThanOrEqual(index);
  expect(verdict.to).toBeGreaterThan(index);
}

const edited = (line: string): string => line.replace('"invoice.update"', '"invoice.delete"');
const forged = (line: string): string => line.replace(/"id":"[^"]{8}/, '"id":"01900000');

const places = [() => 0, (size: number) => randomInt(size), (size: number) => size - 1];
let attacks = 0;

/**
 * Runs an attack on an entry of each ledger, and then restores all tables. The entry is the first, the last or a random one.
 * In full mode each ledger is attacked at all three; otherwise at one, which changes with every attack.
 */
async function eachPosition(attempt: (ledger: Kept, index: number) => Promise<void>): Promise<void> {
  attacks++;
  for (let round = 0; round < (all ? places.length : 1); round++) {
    const attempts = ledgers.map((ledger, position) => {
      const place = places[(attacks + round + position) % places.length];
      return attempt(ledger, place?.(ledger.size) ?? 0);
    });
    await Promise.all(attempts);
    await administrator.restore();
  }
}

describe('F-05 changes that a superuser of the database makes to entries are found', () => {
  test('an untouched ledger passes, from the server and offline from a saved folder', async () => {
    for (const ledger of ledgers) {
      const verdict = await verify(ledger, 'checkpoint', 'receipt', 'leaves');
      expect(verdict, verdict.text).toMatchObject({ exitCode: 0, ok: true, size: ledger.size });
      const saved = join(folder, `saved-${ledger.size}`);
      const from = ['--from', server.url, '--ledger', ledger.name, '--key', server.key];
      await runVerify([...from, '--vkey', ledger.last.vkey, '--save', saved]);
      const offline = await runVerify(['--from', saved, '--vkey', ledger.last.vkey]);
      expect(offline, offline.text).toMatchObject({ exitCode: 0, size: ledger.size });
    }
  });

  test('A1 one field edited', () =>
    eachPosition(async (ledger, index) => {
      await administrator.editRow(ledger.id, index, edited);
      expectIndex(await verify(ledger), index);
    }));

  test('A2 one field edited and its leaf hash recomputed', () =>
    eachPosition(async (ledger, index) => {
      await administrator.editRow(ledger.id, index, edited);
      const lines = await administrator.lines(ledger.id);
      await administrator.sql.query(
        'update tile set hashes = overlay(hashes placing $3 from $4) where ledger = $1 and level = 0 and index = $2',
        [
          ledger.id,
          Math.floor(index / 256),
          leafHash(Buffer.from(lines[index] ?? '')),
          (index % 256) * 32 + 1,
        ],
      );
      expectIndex(await verify(ledger, 'leaves'), index);
      expectIndex(await verify(ledger, 'receipt'), index);
    }));

  test('A3 one field edited, all tiles recomputed, and the checkpoints signed with a key of their own', () =>
    eachPosition(async (ledger, index) => {
      await administrator.editRow(ledger.id, index, edited);
      const lines = await administrator.lines(ledger.id);
      await administrator.replaceTiles(ledger.id, lines);
      await administrator.sql.query('delete from checkpoint where ledger = $1', [ledger.id]);
      await administrator.sql.query(
        'insert into checkpoint (ledger, size, note, published) values ($1, $2, $3, true)',
        [ledger.id, lines.length, ownNote(ledger.last.origin, lines)],
      );
      expect(await verify(ledger)).toMatchObject({ exitCode: 1, kind: 'badCheckpoint' });
      expectRange(await verify(ledger, 'checkpoint'), index);
      expectIndex(await verify(ledger, 'checkpoint', 'leaves'), index);
      expectIndex(await verify(ledger, 'checkpoint', 'receipt'), index);
    }));

  test('A4 an entry deleted', () =>
    eachPosition(async (ledger, index) => {
      await administrator.editRow(ledger.id, index, () => undefined);
      expectIndex(await verify(ledger, 'checkpoint'), index);
    }));

  test('A5 an entry deleted and all later ones renumbered', () =>
    eachPosition(async (ledger, index) => {
      const lines = (await administrator.lines(ledger.id)).toSpliced(index, 1);
      await administrator.replaceLines(ledger.id, lines);
      expectIndex(await verify(ledger), index);
      await administrator.setSize(ledger.id, lines.length);
      await administrator.replaceTiles(ledger.id, lines);
      const verdict = await verify(ledger, 'checkpoint');
      expect(verdict.exitCode, verdict.text).toBe(1);
      expect(verdict.index).toBeLessThanOrEqual(index);
      // The ledger has one entry less than its newest checkpoint. The server shows it up to an older checkpoint and whole
      // bundles after it, so verify reports the entries beyond as cut off.
      const exact = await verify(ledger, 'checkpoint', 'leaves');
      if (exact.kind !== 'truncated') return expectIndex(exact, index);
      expect(exact).toMatchObject({ exitCode: 1, sizeExpected: ledger.size });
      expect(exact.sizeFound).toBeGreaterThanOrEqual(ledger.steps.at(-2)?.size ?? 0);
      expect(exact.sizeFound).toBeLessThanOrEqual(index);
    }));

  test('A6 the tail cut off below the last checkpoint', async () => {
    for (const ledger of ledgers) {
      const size = ledger.steps.at(-2)?.size ?? 0;
      await cutTo(ledger, size);
      const verdict = await verify(ledger, 'checkpoint');
      expect(verdict, verdict.text).toMatchObject({
        exitCode: 1,
        kind: 'truncated',
        sizeExpected: ledger.size,
        sizeFound: size,
        rootExpected: ledger.last.root.toString('base64'),
        rootFound: rootOf(ledger.last.leaves, 0, size).toString('base64'),
      });
      await administrator.restore();
    }
  });

  test('A7 the tail cut off above the last checkpoint kept: a receipt proves that there was more', async () => {
    for (const ledger of ledgers.filter(({ steps }) => steps.length > 1)) {
      const [first] = ledger.steps;
      if (!first) throw new Error('no step');
      await cutTo(ledger, first.size);
      const verdict = await runVerify([
        '--from',
        server.url,
        '--ledger',
        ledger.name,
        '--key',
        server.key,
        '--vkey',
        first.vkey,
        '--receipt',
        ledger.receiptFile,
      ]);
      expect(verdict, verdict.text).toMatchObject({
        exitCode: 1,
        kind: 'truncated',
        sizeExpected: ledger.size,
        sizeFound: first.size,
      });
      await administrator.restore();
    }
  });

  test('A8 two entries exchanged', () =>
    eachPosition(async (ledger, index) => {
      if (ledger.size === 1) return;
      const lines = await administrator.lines(ledger.id);
      const other = (index + 1 + randomInt(ledger.size - 1)) % ledger.size;
      const [one = '', two = ''] = [lines[index], lines[other]];
      await administrator.replaceLines(ledger.id, lines.with(index, two).with(other, one));
      expectIndex(await verify(ledger), Math.min(index, other));
    }));

  test('A9 the body of an entry replaced by that of another entry, or of another ledger', () =>
    eachPosition(async (ledger, index) => {
      const other = ledgers.find(({ id }) => id !== ledger.id);
      const [foreign] = other?.last.entries ?? [];
      await administrator.editRow(ledger.id, index, () => foreign?.toString('utf8'));
      expectIndex(await verify(ledger), index);
    }));

  test('A10 a forged old event inserted, and all later ones renumbered', () =>
    eachPosition(async (ledger, index) => {
      const lines = await administrator.lines(ledger.id);
      const changed = lines.toSpliced(index, 0, forged(lines[index] ?? ''));
      await administrator.replaceLines(ledger.id, changed);
      expectIndex(await verify(ledger), index);
      await administrator.replaceTiles(ledger.id, changed);
      expectIndex(await verify(ledger, 'checkpoint', 'leaves'), index);
      expectIndex(await verify(ledger, 'receipt'), index);
    }));

  test('A15 a whole partition dropped', async () => {
    const ledger = ledgers.find(({ size }) => size === 2_100);
    if (!ledger) throw new Error('no ledger');
    const found = await administrator.sql.query<{ segment: number; first: string }>(
      'select segment, first_index as first from segment_range where ledger = $1 order by segment limit 1 offset 1',
      [ledger.id],
    );
    const [row] = found.rows;
    await administrator.sql.query(`alter table bundle detach partition bundle_${row?.segment}`);
    expectIndex(await verify(ledger), Number(row?.first));
    await administrator.sql.query(
      `alter table bundle attach partition bundle_${row?.segment} for values from (0, ${row?.segment}) to (0, ${Number(row?.segment) + 1})`,
    );
    expect(await verify(ledger)).toMatchObject({ exitCode: 0 });
  });
});

async function cutTo(ledger: Kept, size: number): Promise<void> {
  const lines = (await administrator.lines(ledger.id)).slice(0, size);
  await administrator.replaceLines(ledger.id, lines);
  await administrator.replaceTiles(ledger.id, lines);
  await administrator.setSize(ledger.id, size);
}

/** A checkpoint with the ledger's name, signed with a key that the auditor does not have. */
function ownNote(origin: string, lines: readonly string[]): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const root = rootOf(lines.map((line) => leafHash(Buffer.from(line)))).toString('base64');
  const text = `${origin}\n${lines.length}\n${root}\n`;
  const id = sha256(Buffer.from(`${origin}\n`), Uint8Array.of(1), raw).subarray(0, 4);
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString('base64');
  return `${text}\n— ${origin} ${signature}\n`;
}
