import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createProgress } from './progress.ts';

test('without a terminal nothing is shown in the first second, and then one line every five seconds', () => {
  const { written, progress, clock } = start(false);
  for (clock.now = 0; clock.now <= 11_500; clock.now += 100)
    progress.update({ done: 1, total: 4, text: 'x' });
  progress.end();
  const lines = written().split('\n').slice(0, -1);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe('import ██████░░░░░░░░░░░░░░░░░░  25 %  x, 1 s');
});

test('on a terminal the bar is redrawn in place and removed at the end', () => {
  const { written, progress, clock } = start(true);
  clock.now = 1_500;
  progress.update({ done: 1, text: '7 entries' });
  progress.end();
  expect(written()).toBe('\r\u001b[Kimport: 7 entries, 2 s\r\u001b[K');
});

function start(isTTY: boolean): {
  written: () => string;
  progress: ReturnType<typeof createProgress>;
  clock: { now: number };
} {
  const stream = Object.assign(new PassThrough(), { isTTY });
  const clock = { now: 0 };
  const progress = createProgress('import', stream, () => clock.now);
  return { written: () => String(stream.read() ?? ''), progress, clock };
}
