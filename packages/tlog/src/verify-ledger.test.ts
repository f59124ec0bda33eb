import { describe, expect, test } from 'vitest';
import {
  nodeSha256,
  numberedEntries,
  origin,
  publish,
  signer,
  sourceOfFiles,
  sourceOfRows,
  verifier,
} from '../test-kit/published-ledger.ts';
import { formatCheckpoint } from './checkpoint.ts';
import { createEd25519Signer } from './ed25519.ts';
import { encodeEntryBundle } from './entry-bundle.ts';
import { createFrontier } from './frontier.ts';
import { leafHash } from './leaf-hash.ts';
import { signNote } from './sign-note.ts';
import { verifyLedger, type LedgerExpectation } from './verify-ledger.ts';

const sizes = [1, 300, 1_023, 66_000, 70_000];
const entries = numberedEntries(70_000);
const honest = await publish(entries, sizes);
const trust = { verifiers: [verifier], origin, sha: nodeSha256 };
const renumbered = (list: readonly Uint8Array[]) => list.map((entry, index) => ({ index, entry }));
const rows = renumbered(entries);
const forged = new TextEncoder().encode('forged');
const checkpointOf = (size: number) => honest.checkpoints[sizes.indexOf(size)] ?? '';
const rootOf = (size: number) =>
  Buffer.from(checkpointOf(size).split('\n')[2] ?? '', 'base64').toString('hex');
const rootOfSize = (size: number): Uint8Array => {
  const tree = createFrontier(undefined, nodeSha256);
  for (const entry of entries.slice(0, size)) tree.append(leafHash(entry, nodeSha256));
  return tree.root();
};
const noteOf = (size: number, root: Uint8Array): Promise<string> =>
  signNote(formatCheckpoint({ origin, size, root }), [signer]);
const hex = (hash: Uint8Array | undefined) => hash && Buffer.from(hash).toString('hex');

const verifyRows = (changed: typeof rows, expectation: Partial<LedgerExpectation> = {}) =>
  verifyLedger(sourceOfRows(changed, honest.files), {
    checkpoints: honest.checkpoints,
    ...trust,
    ...expectation,
  });

describe('an honest ledger', () => {
  test('is ok, from files and from rows', async () => {
    const fromFiles = await verifyLedger(sourceOfFiles(honest.files, 70_000), {
      checkpoints: honest.checkpoints,
      ...trust,
    });
    expect(fromFiles).toMatchObject({
      kind: 'ok',
      size: 70_000,
      sizeRead: 70_000,
      start: 0,
      unchecked: { checkpoints: [], receipts: 0, leaves: 0 },
    });
    expect(fromFiles.kind === 'ok' && hex(fromFiles.root)).toBe(rootOf(70_000));
    expect(await verifyRows(rows)).toMatchObject({ kind: 'ok', size: 70_000 });
  });

  test('is ok at each size it ever had, however small', async () => {
    for (const size of [1, 2, 255, 256, 257, 1_023]) {
      const { files, checkpoints } = await publish(entries.slice(0, size), [size]);
      const verdict = await verifyLedger(sourceOfFiles(files, size), { checkpoints, ...trust });
      expect(verdict).toMatchObject({ kind: 'ok', size });
    }
  });

  test('without entries is ok', async () => {
    const { files, checkpoints } = await publish([], [0]);
    const verdict = await verifyLedger(sourceOfFiles(files, 0), { checkpoints, ...trust });
    expect(verdict).toMatchObject({ kind: 'ok', size: 0, sizeRead: 0 });
  });

  test('may be longer than its last checkpoint, and the result says so', async () => {
    const verdict = await verifyRows(rows, { checkpoints: [checkpointOf(66_000)] });
    expect(verdict).toMatchObject({ kind: 'ok', size: 66_000, sizeRead: 70_000 });
  });

  test('may have lost partial tiles when the full tiles exist', async () => {
    const files = new Map([...honest.files].filter(([path]) => !path.startsWith('tile/0/000.p/')));
    const verdict = await verifyLedger(sourceOfFiles(files, 70_000), {
      checkpoints: honest.checkpoints,
      ...trust,
    });
    expect(verdict.kind).toBe('ok');
  });

  test('may have a purged prefix without leaf hashes, and the verdict says which checkpoints could not be checked', async () => {
    for (const minimumIndex of [300, 65_536, 67_000]) {
      const start = Math.floor(minimumIndex / 256) * 256;
      const files = new Map(
        [...honest.files].filter(([path]) => {
          const match = /^tile\/(?:0|entries)\/(\d{3})$/.exec(path);
          return match === null || Number(match[1]) * 256 >= start;
        }),
      );
      const source = sourceOfRows(rows.slice(start), files);
      const verdict = await verifyLedger(source, { checkpoints: honest.checkpoints, minimumIndex, ...trust });
      expect(verdict).toMatchObject({ kind: 'ok', size: 70_000 });
      expect(verdict.kind === 'ok' && verdict.unchecked.checkpoints.map(({ size }) => size)).toEqual(
        sizes.filter((size) => size < start && size % 256 > 0),
      );
      const edited = rows.slice(start).with(1_500, { index: start + 1_500, entry: forged });
      expect(
        await verifyLedger(sourceOfRows(edited, files), {
          checkpoints: honest.checkpoints,
          minimumIndex,
          ...trust,
        }),
      ).toMatchObject({ kind: 'differs', index: start + 1_500 });
    }
  });

  test('compares what the verifier holds of a purged prefix with the leaf hashes that stay', async () => {
    const start = 66_048;
    const files = new Map([...honest.files].filter(([path]) => !/^tile\/entries\/(00|01|02)/.test(path)));
    const source = sourceOfRows(rows.slice(start), files);
    const leafOf = (index: number): Uint8Array => leafHash(entries[index] ?? forged);
    const held = {
      checkpoints: honest.checkpoints,
      minimumIndex: start,
      receipts: [3, 66_047].map((index) => ({ index, leafHash: leafOf(index) })),
      keptLeaf: (index: number) => (index % 1_000 === 7 ? leafOf(index) : undefined),
      statedRoots: [{ size: 700, root: rootOfSize(700) }],
      ...trust,
    };
    expect(await verifyLedger(source, held)).toMatchObject({
      kind: 'ok',
      start,
      unchecked: { checkpoints: [], receipts: 0, leaves: 0 },
    });
    const wrong = leafHash(forged);
    for (const [changed, found] of [
      [
        { receipts: [{ index: 40_000, leafHash: wrong }] },
        { kind: 'differs', index: 40_000, expected: wrong },
      ],
      [
        { keptLeaf: (index: number) => (index === 66_047 ? wrong : undefined) },
        { kind: 'differs', index: 66_047 },
      ],
      [
        { checkpoints: [...honest.checkpoints, await noteOf(299, wrong)] },
        { kind: 'differsWithin', to: 299 },
      ],
      [
        { checkpoints: [...honest.checkpoints, await noteOf(512, wrong)] },
        { kind: 'differsWithin', to: 512 },
      ],
      [{ statedRoots: [{ size: 700, root: wrong }] }, { kind: 'differsWithin', to: 700 }],
    ] as const) {
      expect(await verifyLedger(source, { ...held, ...changed })).toMatchObject(found);
    }
    const edited = new Map(files);
    const tile = Uint8Array.from(files.get('tile/0/007') ?? []);
    tile[40] = (tile[40] ?? 0) ^ 1;
    edited.set('tile/0/007', tile);
    expect(await verifyLedger(sourceOfRows(rows.slice(start), edited), held)).toMatchObject({
      kind: 'tileDiffers',
      tile: { level: 0, index: 7 },
    });
  });

  test('agrees with the receipts of its entries', async () => {
    const receipts = [5, 5, 69_999].map((index) => ({ index, leafHash: leafHash(entries[index] ?? forged) }));
    expect((await verifyRows(rows, { receipts })).kind).toBe('ok');
  });
});

describe('an attack on rows only is found at its first index', () => {
  for (const index of [0, 255, 256, 1_022, 40_000, 65_535, 65_536, 69_999]) {
    test(`A1, A2: row ${index} edited`, async () => {
      const verdict = await verifyRows(rows.with(index, { index, entry: forged }));
      expect(verdict).toMatchObject({ kind: 'differs', index });
      if (verdict.kind !== 'differs') return;
      expect(hex(verdict.expected)).toBe(hex(leafHash(entries[index] ?? forged)));
      expect(hex(verdict.found)).toBe(hex(leafHash(forged)));
    });
  }

  test('A1: two rows edited, the first is named, also when only the newest checkpoint is known', async () => {
    const changed = rows
      .with(50_000, { index: 50_000, entry: forged })
      .with(777, { index: 777, entry: forged });
    expect(await verifyRows(changed)).toMatchObject({ kind: 'differs', index: 777 });
    const checkpoints = [checkpointOf(70_000)];
    expect(await verifyRows(changed, { checkpoints })).toMatchObject({ kind: 'differs', index: 777 });
  });

  for (const index of [512, 600, 767]) {
    test(`A2: row ${index} edited with its hash in the tile is named where all before it have receipts`, async () => {
      const tile = Uint8Array.from(honest.files.get('tile/0/002') ?? []);
      tile.set(leafHash(forged), (index - 512) * 32);
      const source = sourceOfRows(
        rows.with(index, { index, entry: forged }),
        new Map([...honest.files, ['tile/0/002', tile]]),
      );
      const receipts = entries.slice(0, 1_000).map((entry, at) => ({ index: at, leafHash: leafHash(entry) }));
      const { checkpoints } = honest;
      expect(await verifyLedger(source, { checkpoints, receipts, ...trust })).toMatchObject({
        kind: 'differs',
        index,
      });
      if (index !== 767) return;
      // With only one receipt an entry before it may differ too, so the verdict is the range of the tile.
      const one = receipts.slice(767, 768);
      expect(await verifyLedger(source, { checkpoints, receipts: one, ...trust })).toMatchObject({
        kind: 'differsWithin',
        from: 512,
      });
    });
  }

  test('A4: a row deleted leaves a gap', async () => {
    const verdict = await verifyRows(rows.toSpliced(4_321, 1));
    expect(verdict).toEqual({ kind: 'gap', index: 4_321, found: 4_322 });
  });

  test('A4: a gap does not hide an edit before it', async () => {
    const changed = rows.with(4_300, { index: 4_300, entry: forged }).toSpliced(4_321, 1);
    expect(await verifyRows(changed)).toMatchObject({ kind: 'differs', index: 4_300 });
  });

  test('A5: a row deleted and the later ones renumbered', async () => {
    const changed = renumbered(entries.toSpliced(4_321, 1));
    expect(await verifyRows(changed)).toMatchObject({ kind: 'differs', index: 4_321 });
  });

  test('A6: the tail truncated, with sizes and roots expected and found', async () => {
    for (const left of [0, 1, 300, 65_999, 66_000, 69_999]) {
      const verdict = await verifyRows(rows.slice(0, left));
      expect(verdict).toMatchObject({ kind: 'truncated', sizeExpected: 70_000, sizeFound: left });
      if (verdict.kind !== 'truncated') return;
      expect(hex(verdict.rootExpected)).toBe(rootOf(70_000));
      if (sizes.includes(left)) expect(hex(verdict.rootFound)).toBe(rootOf(left));
    }
  });

  test('A6: a truncated tail does not hide an edit before it', async () => {
    const changed = rows.slice(0, 69_000).with(68_999, { index: 68_999, entry: forged });
    expect(await verifyRows(changed)).toMatchObject({ kind: 'differs', index: 68_999 });
  });

  test('A7: a receipt shows that an acknowledged entry is gone', async () => {
    const receipts = [{ index: 70_010, leafHash: leafHash(forged) }];
    expect(await verifyRows(rows, { receipts })).toMatchObject({
      kind: 'truncated',
      sizeExpected: 70_011,
      rootExpected: undefined,
      sizeFound: 70_000,
    });
    const rewritten = [{ index: 69_000, leafHash: leafHash(forged) }];
    const checkpoints = [checkpointOf(66_000)];
    expect(await verifyRows(rows, { checkpoints, receipts: rewritten })).toMatchObject({
      kind: 'differs',
      index: 69_000,
    });
  });

  test('A8, A9: two rows swapped', async () => {
    const a = rows[1_000]?.entry ?? forged;
    const b = rows[2_000]?.entry ?? forged;
    const changed = rows.with(1_000, { index: 1_000, entry: b }).with(2_000, { index: 2_000, entry: a });
    expect(await verifyRows(changed)).toMatchObject({ kind: 'differs', index: 1_000 });
  });

  test('A10: a row inserted and the later ones renumbered', async () => {
    const changed = renumbered(entries.toSpliced(4_321, 0, forged));
    expect(await verifyRows(changed)).toMatchObject({ kind: 'differs', index: 4_321 });
  });

  test('a row that occurs twice', async () => {
    const changed = rows.toSpliced(4_321, 0, { index: 4_320, entry: forged });
    expect(await verifyRows(changed)).toEqual({ kind: 'gap', index: 4_321, found: 4_320 });
  });

  test('A15: a whole range dropped', async () => {
    expect(await verifyRows(rows.toSpliced(512, 10_000))).toEqual({ kind: 'gap', index: 512, found: 10_512 });
    expect(await verifyRows(rows.slice(512))).toEqual({ kind: 'gap', index: 0, found: 512 });
  });
});

describe('a rewrite of rows and tiles is found by checkpoints kept elsewhere', () => {
  const external = honest.checkpoints.slice(0, 4);

  test('A3, A18: everything recomputed and signed again is narrowed to the smallest range of checkpoints', async () => {
    const rewritten = await publish(entries.with(5_000, forged), [70_000]);
    const checkpoints = [...rewritten.checkpoints, ...external];
    const verdict = await verifyLedger(sourceOfFiles(rewritten.files, 70_000), { checkpoints, ...trust });
    expect(verdict).toMatchObject({ kind: 'differsWithin', from: 1_023, to: 66_000 });
    if (verdict.kind !== 'differsWithin') return;
    expect(hex(verdict.checkpoint.root)).toBe(rootOf(66_000));
    expect(hex(verdict.rootFound)).not.toBe(rootOf(66_000));
  });

  test('A3: without the key, the forged checkpoint is refused and the difference is still found', async () => {
    const rewritten = await publish(entries.with(5_000, forged), [70_000]);
    const thief = createEd25519Signer({ name: origin, seed: new Uint8Array(32).fill(1) });
    const text = (rewritten.checkpoints[0] ?? '').split('\n\n')[0];
    const own = await signNote(`${text}\n`, [thief]);
    const source = sourceOfFiles(rewritten.files, 70_000);
    expect(await verifyLedger(source, { checkpoints: [own], ...trust })).toEqual({
      kind: 'badCheckpoint',
      position: 0,
      reason: 'noKnownKey',
    });
    expect(await verifyLedger(source, { checkpoints: [own, ...external], ...trust })).toMatchObject({
      kind: 'differsWithin',
      from: 1_023,
      to: 66_000,
    });
  });

  test('a rewrite that spared the upper tiles is narrowed to one bundle', async () => {
    const rewritten = await publish(entries.with(5_000, forged), [70_000]);
    const files = new Map(honest.files);
    for (const path of ['tile/0/019', 'tile/entries/019']) {
      const bytes = rewritten.files.get(path);
      if (bytes !== undefined) files.set(path, bytes);
    }
    const verdict = await verifyLedger(sourceOfFiles(files, 70_000), {
      checkpoints: honest.checkpoints,
      ...trust,
    });
    expect(verdict).toMatchObject({ kind: 'differsWithin', from: 4_864, to: 5_120 });
  });

  test('A5, A10: deleting or inserting and recomputing everything', async () => {
    for (const changed of [entries.toSpliced(500, 1), entries.toSpliced(500, 0, forged)]) {
      const rewritten = await publish(changed, [changed.length]);
      const checkpoints = [...external, ...rewritten.checkpoints];
      const verdict = await verifyLedger(sourceOfFiles(rewritten.files, changed.length), {
        checkpoints,
        ...trust,
      });
      expect(verdict).toMatchObject({ kind: 'differsWithin', from: 300, to: 1_023 });
    }
  });

  test('A14: a rollback to an older state that is consistent in itself', async () => {
    const older = await publish(entries.slice(0, 1_023), [1, 300, 1_023]);
    const checkpoints = [...older.checkpoints, checkpointOf(66_000)];
    const verdict = await verifyLedger(sourceOfFiles(older.files, 1_023), { checkpoints, ...trust });
    expect(verdict).toMatchObject({ kind: 'truncated', sizeExpected: 66_000, sizeFound: 1_023 });
    if (verdict.kind !== 'truncated') return;
    expect([hex(verdict.rootExpected), hex(verdict.rootFound)]).toEqual([rootOf(66_000), rootOf(1_023)]);
  });

  test('A13: two signed checkpoints of one size with different roots', async () => {
    const fork = await publish(entries.with(0, forged), [300]);
    const checkpoints = [checkpointOf(300), ...fork.checkpoints];
    expect(await verifyRows(rows, { checkpoints })).toMatchObject({ kind: 'fork', size: 300 });
  });
});

describe('published files are checked too', () => {
  const verifyFiles = (files: ReadonlyMap<string, Uint8Array>) =>
    verifyLedger(sourceOfFiles(files, 70_000), { checkpoints: honest.checkpoints, ...trust });

  test('every tile that is changed or missing is named', async () => {
    for (const path of [
      'tile/0/000',
      'tile/0/273.p/112',
      'tile/1/000',
      'tile/1/001.p/17',
      'tile/2/000.p/1',
    ]) {
      const [, level, index] = /^tile\/(\d)\/(\d+)/.exec(path) ?? [];
      const bytes = honest.files.get(path)?.slice() ?? new Uint8Array(0);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      const tile = { level: Number(level), index: Number(index) };
      const changed = await verifyFiles(new Map(honest.files).set(path, bytes));
      expect(changed).toMatchObject({ kind: 'tileDiffers', problem: 'differs', tile });
      const fewer = new Map(honest.files);
      fewer.delete(path);
      expect(await verifyFiles(fewer)).toMatchObject({ kind: 'tileDiffers', problem: 'missing', tile });
    }
  });

  test('a bundle that is missing or malformed is a gap at its first entry that cannot be read', async () => {
    const fewer = new Map(honest.files);
    fewer.delete('tile/entries/010');
    expect(await verifyFiles(fewer)).toEqual({ kind: 'gap', index: 2_560, found: 2_816 });
    const bundle = encodeEntryBundle(entries.slice(2_560, 2_816));
    const cut = new Map(honest.files).set('tile/entries/010', bundle.slice(0, -1));
    expect(await verifyFiles(cut)).toEqual({ kind: 'gap', index: 2_815, found: 2_816 });
  });

  test('a checkpoint with a bad signature or of another log is named when all else is right', async () => {
    const bad = checkpointOf(300).replace('\n300\n', '\n301\n');
    expect(await verifyRows(rows, { checkpoints: [...honest.checkpoints, bad] })).toEqual({
      kind: 'badCheckpoint',
      position: 5,
      reason: 'badSignature',
    });
    const foreign = await signNote(
      formatCheckpoint({ origin: 'log.example/other', size: 1, root: new Uint8Array(32) }),
      [signer],
    );
    expect(await verifyRows(rows, { checkpoints: [foreign, ...honest.checkpoints] })).toMatchObject({
      kind: 'badCheckpoint',
      position: 0,
      reason: 'otherOrigin',
    });
  });

  test('without tiles the entries are compared with the checkpoints alone', async () => {
    const { readBundles } = sourceOfRows(rows.with(5_000, { index: 5_000, entry: forged }), new Map());
    expect(await verifyLedger({ readBundles }, { checkpoints: honest.checkpoints, ...trust })).toMatchObject({
      kind: 'differsWithin',
      from: 1_023,
      to: 66_000,
    });
  });

  test('without any checkpoint there is nothing to verify', async () => {
    await expect(verifyRows(rows, { checkpoints: [] })).rejects.toThrow(RangeError);
  });
});
