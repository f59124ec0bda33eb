import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createActivityLog } from './activity-log.ts';

const fileBytesMax = 10 * 1024 * 1024;
const line = '2026-03-01T10:00:00.000Z INFO stored 1 entry\n';

test('A-09 the activity file is renamed before it exceeds 10 MB, and five older files are kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitacora-activity-'));
  try {
    const file = join(folder, 'redis_activity.log');
    for (const number of [1, 2, 3, 4, 5]) writeFileSync(`${file}.${number}`, `older ${number}`);
    writeFileSync(file, '');
    truncateSync(file, fileBytesMax - line.length);
    const log = createActivityLog(file, () => Date.UTC(2026, 2, 1, 10));
    log.info('stored 1 entry');
    await log.flush();
    expect(statSync(file).size).toBe(fileBytesMax);
    expect(readFileSync(`${file}.1`, 'utf8')).toBe('older 1');
    log.error('stored\nnothing', new Error('no room'));
    await log.flush();
    expect(readFileSync(file, 'utf8')).toBe('2026-03-01T10:00:00.000Z ERROR stored nothing: no room\n');
    expect(statSync(`${file}.1`).size).toBe(fileBytesMax);
    expect([2, 3, 4, 5].map((number) => readFileSync(`${file}.${number}`, 'utf8'))).toEqual([
      'older 1',
      'older 2',
      'older 3',
      'older 4',
    ]);
    expect(readdirSync(folder)).toHaveLength(6);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
