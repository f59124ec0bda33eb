import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createCheckpointFile, splitNotes } from './checkpoints.ts';

const note = (size: number): string =>
  `log.example/test\n${size}\n${Buffer.alloc(32, size).toString('base64')}\n\n\u2014 log.example/test c2lnbmF0dXJl\n`;

const folder = mkdtempSync(join(tmpdir(), 'bitacora-checkpoints-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a note that is cut off at any byte is left out, and the notes before and after it are read', () => {
  const torn = note(2);
  for (let length = 0; length < torn.length - 1; length++) {
    const text = `${note(1)}\n${torn.slice(0, length)}${note(3)}\n${note(4)}\n`;
    const sizes = splitNotes(text).map((note) => note.split('\n')[1]);
    expect(sizes.at(0), `torn after ${length}`).toBe('1');
    expect(sizes.slice(-2)).toEqual(['3', '4']);
  }
});

test('the newest whole note of a ledger is read back', async () => {
  const file = createCheckpointFile(folder);
  expect(await file.last('test')).toBeUndefined();
  await file.append('test', note(1));
  await file.append('test', note(2));
  expect(await file.last('test')).toMatchObject({ size: 2, note: note(2) });
  const path = join(folder, 'checkpoints', 'test.notes');
  truncateSync(path, Buffer.byteLength(`${note(1)}\n${note(2)}`) - 4);
  expect(await file.last('test')).toMatchObject({ size: 1 });
  await file.append('test', note(3));
  expect(await file.last('test')).toMatchObject({ size: 3 });
  writeFileSync(path, 'nothing of ours');
  expect(await file.last('test')).toBeUndefined();
});
