import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { encodeFrame } from './frame.ts';
import { readSegment, type SegmentPage } from './segment-reader.ts';

const directory = mkdtempSync(join(tmpdir(), 'bitacora-segment-'));
const path = join(directory, 'segment');
afterAll(() => rmSync(directory, { recursive: true }));

const texts = [...Array(40).keys()].map((n) => JSON.stringify({ id: n, text: 'é'.repeat(n * 3) }));
const frames = texts.map((json, i) => encodeFrame({ sequence: i + 1, json }));
const ends = frames.map((_, i) => Buffer.concat(frames.slice(0, i + 1)).length);
const whole = Buffer.concat(frames);

function read(
  bytes: Buffer,
  limits = { eventsMax: 1_000, bytesMax: 1_000_000 },
  position = 0,
): Promise<SegmentPage> {
  writeFileSync(path, bytes);
  return readSegment(path, { position, bytesEnd: bytes.length }, limits);
}

test('what was written is read, in pages', async () => {
  const first = await read(whole, { eventsMax: 7, bytesMax: 1_000_000 });
  expect(first.frames.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const second = await read(whole, { eventsMax: 1_000, bytesMax: 300 }, first.position);
  expect(second.frames.map(({ json }) => json)).toEqual(texts.slice(7, 7 + second.frames.length));
  expect(second.frames.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0)).toBeLessThanOrEqual(300);
});

test('an event larger than a page and than a chunk is read alone', async () => {
  const json = JSON.stringify('x'.repeat(200_000));
  const page = await read(Buffer.concat([encodeFrame({ sequence: 1, json }), whole]), {
    eventsMax: 10,
    bytesMax: 100,
  });
  expect(page.frames.map((framed) => framed.json)).toEqual([json]);
});

test('SDK-16 after any damage every event that it did not touch is read, and nothing that was not written', async () => {
  let seed = 20_260_301;
  const random = (limit: number): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) % limit;
  for (let round = 0; round < 10_000; round++) {
    const from = random(whole.length);
    const to = Math.min(whole.length, from + 1 + random(round % 3 === 0 ? 2_000 : 4));
    const { bytes, position } = damaged([flip, cut, insert, zero, drop][round % 5] ?? flip, from, to);
    const page = await read(bytes);
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
    expect(
      page.damagedBytes +
        page.frames.reduce((sum, { json }) => sum + encodeFrame({ sequence: 1, json }).length, 0),
    ).toBe(bytes.length);
  }
});

type Damage = (from: number, to: number) => Buffer;
const flip: Damage = (from, to) => {
  const bytes = Buffer.from(whole);
  for (let i = from; i < to; i++) bytes[i] = (bytes[i] ?? 0) ^ (1 << (i % 8));
  return bytes;
};
const zero: Damage = (from, to) => Buffer.from(whole).fill(0, from, to);
const cut: Damage = (from) => whole.subarray(0, from);
const insert: Damage = (from, to) =>
  Buffer.concat([whole.subarray(0, from), whole.subarray(0, to - from), whole.subarray(from)]);
const drop: Damage = (from, to) => Buffer.concat([whole.subarray(0, from), whole.subarray(to)]);

/** The damaged bytes, and the part of the written ones that they touch. */
function damaged(
  damage: Damage,
  from: number,
  to: number,
): { bytes: Buffer; position: { from: number; to: number } } {
  const touched = { from, to: damage === cut ? whole.length : damage === insert ? from + 1 : to };
  return { bytes: damage(from, to), position: touched };
}
