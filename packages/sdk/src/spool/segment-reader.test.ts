import { createSecretKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { createSpoolCipher, type SpoolCipher } from './cipher.ts';
import { encodeFrame } from './frame.ts';
import { readSegment, type SegmentPage } from './segment-reader.ts';

const directory = mkdtempSync(join(tmpdir(), 'bitacora-segment-'));
const path = join(directory, 'segment');
afterAll(() => rmSync(directory, { recursive: true }));

const texts = [...Array(40).keys()].map((n) => JSON.stringify({ id: n, text: 'é'.repeat(n * 3) }));
const key = createSecretKey(Buffer.alloc(32, 7));
const cipher = createSpoolCipher(key, 'instance');
const inClear = written(undefined);
const encrypted = written(cipher);

interface Written {
  readonly cipher: SpoolCipher | undefined;
  readonly frames: readonly Buffer[];
  readonly whole: Buffer;
}
/** The file has a new salt half-way, as after a restart of the writer. */
function written(own: SpoolCipher | undefined): Written {
  const frames = texts.map((json, i) => {
    if (i === 20) own?.renew();
    return encodeFrame({ sequence: i + 1, json }, own);
  });
  return { cipher: own, frames, whole: Buffer.concat(frames) };
}

function read(
  bytes: Buffer,
  limits = { eventsMax: 1_000, bytesMax: 1_000_000 },
  { position = 0, by }: { position?: number; by?: SpoolCipher | undefined } = {},
): Promise<SegmentPage> {
  writeFileSync(path, bytes);
  return readSegment(path, { position, bytesEnd: bytes.length, cipher: by }, limits);
}

test('events that were written are read, in pages', async () => {
  const { whole } = inClear;
  const first = await read(whole, { eventsMax: 7, bytesMax: 1_000_000 });
  expect(first.frames.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const second = await read(whole, { eventsMax: 1_000, bytesMax: 300 }, { position: first.position });
  expect(second.frames.map(({ json }) => json)).toEqual(texts.slice(7, 7 + second.frames.length));
  expect(second.frames.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0)).toBeLessThanOrEqual(300);
});

test('an event larger than a page and a chunk is read alone', async () => {
  const json = JSON.stringify('x'.repeat(200_000));
  const page = await read(Buffer.concat([encodeFrame({ sequence: 1, json }), inClear.whole]), {
    eventsMax: 10,
    bytesMax: 100,
  });
  expect(page.frames.map((framed) => framed.json)).toEqual([json]);
});

test('SDK-16 encrypted events are read only with their key, at their place and under their number', async () => {
  const { whole, frames } = encrypted;
  const all = { eventsMax: 1_000, bytesMax: 1_000_000 };
  const textsBy = async (by: SpoolCipher | undefined, bytes = whole): Promise<readonly string[]> =>
    (await read(bytes, all, { by })).frames.map(({ json }) => json);
  expect(await textsBy(createSpoolCipher(key, 'instance'))).toEqual(texts);
  expect(whole.includes('éé')).toBe(false);
  expect(await textsBy(createSpoolCipher(createSecretKey(Buffer.alloc(32, 8)), 'instance'))).toEqual([]);
  expect(await textsBy(createSpoolCipher(key, 'another'))).toEqual([]);
  // An unencrypted event in an encrypted file was not written by its owner.
  expect(await textsBy(cipher, inClear.whole)).toEqual([]);
  // A frame with another number and a correct checksum.
  const renumbered = Buffer.from(frames[3] ?? '');
  renumbered.writeUIntBE(9, 12, 6);
  renumbered.writeUInt32BE(crc32(renumbered.subarray(12)), 8);
  const page = await read(Buffer.concat([renumbered, ...frames.slice(4)]), all, { by: cipher });
  expect(page).toMatchObject({ damagedBytes: renumbered.length });
  expect(page.frames.map(({ json }) => json)).toEqual(texts.slice(4));
});

test.each([
  ['in clear', inClear, 10_000],
  ['encrypted', encrypted, process.env['BITACORA_FAULTS'] === 'full' ? 10_000 : 1_000],
] as const)(
  'SDK-16 after damage to events %s all undamaged events are read, and nothing else',
  async (_how, { whole, frames, cipher: by }, rounds) => {
    const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length);
    const lengths = new Map(texts.map((text, i) => [text, frames[i]?.length ?? 0]));
    let seed = 20_260_301;
    const random = (limit: number): number =>
      (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) % limit;
    for (let round = 0; round < rounds; round++) {
      const from = random(whole.length);
      const to = Math.min(whole.length, from + 1 + random(round % 3 === 0 ? 2_000 : 4));
      const { bytes, position } = damaged([flip, cut, insert, zero, drop][round % 5] ?? flip, whole, {
        from,
        to,
      });
      const page = await read(bytes, undefined, { by });
      const found = page.frames.map(({ json }) => json);
      const untouched = texts.filter(
        (_, i) => (ends[i] ?? 0) <= position.from || (ends[i - 1] ?? 0) >= position.to,
      );
      const context = `round ${round}`;
      expect(
        untouched.filter((text) => !found.includes(text)),
        context,
      ).toEqual([]);
      expect(
        found.filter((text) => !texts.includes(text)),
        context,
      ).toEqual([]);
      expect(page.position, context).toBe(bytes.length);
      expect(page.damagedBytes + found.reduce((sum, text) => sum + (lengths.get(text) ?? 0), 0)).toBe(
        bytes.length,
      );
    }
  },
);

interface Part {
  readonly from: number;
  readonly to: number;
}
type Damage = (whole: Buffer, part: Part) => Buffer;
const flip: Damage = (whole, { from, to }) => {
  const bytes = Buffer.from(whole);
  for (let i = from; i < to; i++) bytes[i] = (bytes[i] ?? 0) ^ (1 << (i % 8));
  return bytes;
};
const zero: Damage = (whole, { from, to }) => Buffer.from(whole).fill(0, from, to);
const cut: Damage = (whole, { from }) => whole.subarray(0, from);
const insert: Damage = (whole, { from, to }) =>
  Buffer.concat([whole.subarray(0, from), whole.subarray(0, to - from), whole.subarray(from)]);
const drop: Damage = (whole, { from, to }) => Buffer.concat([whole.subarray(0, from), whole.subarray(to)]);

/** The damaged bytes, and the range of written bytes that they change. */
function damaged(damage: Damage, whole: Buffer, { from, to }: Part): { bytes: Buffer; position: Part } {
  const touched = { from, to: damage === cut ? whole.length : damage === insert ? from + 1 : to };
  return { bytes: damage(whole, { from, to }), position: touched };
}
