import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { entryJson } from '@bitacora/event';
import {
  createEd25519Signer,
  createEd25519Verifier,
  createTileReader,
  encodeEntryBundle,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  rootFromTiles,
  signNote,
  tilePath,
  tileRoot,
  tilesForSize,
  type Verifier,
} from '@bitacora/tlog';
import { afterEach, expect, test } from 'vitest';
import { createProgress } from '../progress.ts';
import type { VerdictReport } from './describe-verdict.ts';
import { ledgerFromFolder } from './ledger-from-folder.ts';
import type { ValuesFound } from './read-values.ts';
import { runVerification, type ServerQuestions, type Verification } from './run-verification.ts';

const origin = 'log.example/acme';
const signer = createEd25519Signer({ name: origin, seed: new Uint8Array(32).fill(9) });
const folders: string[] = [];
afterEach(() => Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true }))));

test.each([1, 255, 256, 600])(
  'a ledger of %i entries passes, also from the copy that --save makes',
  async (size) => {
    const { folder, note } = await publish(entries(size));
    const copy = await temporary();
    expect(await verify(folder, { save: copy })).toMatchObject({ ok: true, kind: 'ok', size });
    expect(await verify(copy, { checkpoints: [note] })).toMatchObject({ ok: true, kind: 'ok', size });
  },
);

test.each([0, 255, 256, 599])('an edit of entry %i is found at its index', async (index) => {
  const good = entries(600);
  const { folder } = await publish(good);
  const bad = good.map((entry, i) => (i === index ? entry.replace('thing.do', 'thing.no') : entry));
  await writeBundles(folder, bad, 600);
  expect(await verify(folder)).toMatchObject({ ok: false, kind: 'differs', index });
});

test('a missing entry is found even when the bundle ends there', async () => {
  const good = entries(600);
  const { folder } = await publish(good);
  await writeBundles(folder, [...good.slice(0, 300), ...good.slice(301)], 600);
  expect(await verify(folder)).toMatchObject({ ok: false, kind: 'differs', index: 300 });
});

test('a rollback is told with the sizes and roots expected and found', async () => {
  const { note, root } = await publish(entries(600));
  const old = await publish(entries(590));
  expect(await verify(old.folder, { checkpoints: [note] })).toMatchObject({
    ok: false,
    kind: 'truncated',
    sizeExpected: 600,
    sizeFound: 590,
    rootExpected: base64(root),
    rootFound: base64(old.root),
  });
});

test('a history rewritten and signed again is found with a checkpoint or receipt kept elsewhere', async () => {
  const good = entries(600);
  const { note } = await publish(good);
  const rewritten = good.map((entry, i) => (i === 400 ? entry.replace('thing.do', 'thing.no') : entry));
  const { folder } = await publish(rewritten);
  expect(await verify(folder)).toMatchObject({ ok: true });
  expect(await verify(folder, { checkpoints: [note] })).toMatchObject({ ok: false, kind: 'fork', size: 600 });
  const receipts = [{ index: 400, leafHash: leafHash(Buffer.from(good[400] ?? '')) }];
  expect(await verify(folder, { receipts })).toMatchObject({ ok: false, kind: 'differs', index: 400 });
});

test('a receipt beyond the end is a truncation', async () => {
  const { folder } = await publish(entries(10));
  const receipts = [{ index: 10, leafHash: new Uint8Array(32) }];
  expect(await verify(folder, { receipts })).toMatchObject({
    ok: false,
    kind: 'truncated',
    sizeExpected: 11,
    sizeFound: 10,
  });
});

test('a checkpoint signed by another key is not believed', async () => {
  const { folder } = await publish(entries(10));
  const other = createEd25519Signer({ name: origin, seed: new Uint8Array(32).fill(8) });
  expect(await verify(folder, { verifier: verifierOf(other) })).toMatchObject({
    ok: false,
    kind: 'badCheckpoint',
  });
});

const noIds = (): Promise<ReadonlyMap<string, number>> => Promise.resolve(new Map());
const allIds = (ids: readonly string[]): Promise<ReadonlyMap<string, number>> =>
  Promise.resolve(new Map(ids.map((id) => [id, Number(id.slice(-12))])));
const values = (found: Partial<ValuesFound>): ServerQuestions => ({
  readValues: () => Promise.resolve({ altered: undefined, missing: new Map(), entries: 10, ...found }),
  resolveIds: allIds,
});

test.each([
  ['replaced', { altered: { index: 3, groups: ['text'] } }, { kind: 'valuesDiffer', index: 3 }],
  [
    'gone',
    { missing: new Map([['actor', { count: 2, first: 6 }]]) },
    { kind: 'valuesMissing', index: 6, groups: { actor: { count: 2, first: 6 } } },
  ],
  ['not all shown', { entries: 9 }, { kind: 'valuesUnread', entries: 9, expected: 10 }],
])('values that are %s beside a good tree make the verdict a failure', async (_, found, verdict) => {
  const { folder } = await publish(entries(10));
  expect(await verify(folder, { server: values(found) })).toMatchObject({ ok: false, ...verdict });
});

test('a verdict says whether values were checked', async () => {
  const { folder } = await publish(entries(10));
  const read = await verify(folder, { server: values({}) });
  expect(read).toMatchObject({ ok: true, values: 'read' });
  expect(read.text).not.toContain('not checked');
  const server = { readValues: () => Promise.resolve(undefined), resolveIds: allIds };
  for (const more of [{}, { server }]) {
    const verdict = await verify(folder, more);
    expect(verdict).toMatchObject({ ok: true, values: 'unread' });
    expect(verdict.text).toContain('values were not checked');
  }
});

test('an id that the server does not resolve to its entry is named', async () => {
  const { folder } = await publish(entries(600));
  const swapped = async (ids: readonly string[]): Promise<ReadonlyMap<string, number>> =>
    new Map([...(await allIds(ids))].map(([id, n]) => [id, n === 299 ? 300 : n === 300 ? 299 : n]));
  const ask = (resolveIds: ServerQuestions['resolveIds']): Promise<VerdictReport> =>
    verify(folder, { server: { ...values({ entries: 600 }), resolveIds } });
  expect(await ask(swapped)).toMatchObject({ ok: false, kind: 'misplaced', index: 299, answered: 300 });
  expect(await ask(noIds)).toMatchObject({ ok: false, kind: 'misplaced', index: 0, answered: undefined });
  expect(await ask(allIds)).toMatchObject({ ok: true });
});

test('an id that two entries have is found although both are signed', async () => {
  const list = entries(600);
  const { folder } = await publish(list.with(555, (list[3] ?? '').replace('thing.do', 'thing.no')));
  expect(await verify(folder)).toMatchObject({ ok: false, kind: 'foreign', index: 555 });
});

test('a log of another program is verified with --entries any, and only with it', async () => {
  const list = Array.from({ length: 300 }, (_, n) => (n === 7 ? '' : `anything ${n}`));
  const { folder } = await publish(list);
  expect(await verify(folder)).toMatchObject({ ok: false, kind: 'foreign', index: 0 });
  expect(await verify(folder, { entries: 'any' })).toMatchObject({ ok: true, size: 300 });
  await writeBundles(folder, list.with(299, 'another'), 300);
  expect(await verify(folder, { entries: 'any' })).toMatchObject({ ok: false, kind: 'differs', index: 299 });
});

test('an entry of another ledger is found although it was signed', async () => {
  const foreign = entries(10).map((entry, i) =>
    i === 4 ? entry.replace('"ledger":"acme"', '"ledger":"else"') : entry,
  );
  const { folder } = await publish(foreign);
  expect(await verify(folder)).toMatchObject({ ok: false, kind: 'foreign', index: 4 });
});

function verify(folder: string, more: Partial<Verification> = {}): Promise<VerdictReport> {
  return runVerification({
    files: ledgerFromFolder(folder),
    verifier: verifierOf(signer),
    auditVerifier: verifierOf(signer),
    entries: 'bitacora',
    checkpoints: [],
    receipts: [],
    minimumIndex: 0,
    save: undefined,
    server: undefined,
    progress: createProgress('verify'),
    ...more,
  });
}

function verifierOf(from: typeof signer): Verifier {
  const verifier = createEd25519Verifier(formatVerifierKey(from));
  if (!verifier.ok) throw new Error(verifier.reason);
  return verifier.value;
}

function entries(count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    entryJson({
      ledger: 'acme',
      ingestedAt: '2026-03-01T00:00:00.000Z',
      commitments: { text: 'A'.repeat(43) },
      open: {
        id: `019ca6b1-dc00-7000-8000-${String(i).padStart(12, '0')}`,
        action: 'thing.do',
        actor: { type: 'user', id: 'a' },
      },
    }),
  );
}

async function publish(list: readonly string[]): Promise<{ folder: string; note: string; root: Uint8Array }> {
  const folder = await temporary();
  const size = list.length;
  const levels: Uint8Array[][] = [list.map((entry) => leafHash(Buffer.from(entry)))];
  const files = new Map<string, Uint8Array>();
  for (const tile of tilesForSize(size)) {
    const below = levels[tile.level] ?? [];
    const bytes = Buffer.concat(below.slice(tile.index * 256, tile.index * 256 + tile.width));
    files.set(tilePath(tile), bytes);
    if (tile.width === 256) (levels[tile.level + 1] ??= []).push(tileRoot(bytes));
  }
  for (const [path, bytes] of files) await write(join(folder, path), bytes);
  await writeBundles(folder, list, size);
  const reader = createTileReader((tile) => files.get(tilePath(tile)), { size });
  const root = await rootFromTiles(size, reader);
  const note = await signNote(formatCheckpoint({ origin, size, root }), [signer]);
  await write(join(folder, 'checkpoint'), note);
  return { folder, note, root };
}

async function writeBundles(folder: string, list: readonly string[], size: number): Promise<void> {
  for (let first = 0; first < size; first += 256) {
    const width = Math.min(256, size - first);
    const bundle = encodeEntryBundle(list.slice(first, first + width).map((entry) => Buffer.from(entry)));
    await write(join(folder, tilePath({ level: 'entries', index: first / 256, width })), bundle);
  }
}

async function write(file: string, content: Uint8Array | string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

async function temporary(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bitacora-verify-'));
  folders.push(folder);
  return folder;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
