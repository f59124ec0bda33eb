import { afterEach, expect, test } from 'vitest';
import { plantCheckout } from './planted-checkout.ts';

const passes = 'exit 0';
const checks = { tsc: passes, oxlint: passes, prettier: passes };
const oneTest = (status: string) => ({ status, assertionResults: [{ status }] });
const checkouts: { readonly remove: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const checkout of checkouts.splice(0)) await checkout.remove();
});

test.each([
  ['all pass', checks, vitest(3, 0, [oneTest('passed')], 0), '3 passed, 0 failed', 0],
  ['a test fails', checks, vitest(2, 1, [oneTest('failed')], 1), '2 passed, 1 failed', 1],
  ['a check fails', { ...checks, oxlint: 'exit 1' }, vitest(3, 0, [], 0), '3 passed, 1 failed', 1],
  [
    'all checks fail',
    { tsc: 'exit 1', oxlint: 'exit 1', prettier: 'exit 1' },
    vitest(3, 0, [], 0),
    '3 passed, 3 failed',
    1,
  ],
  [
    'a file does not load',
    checks,
    vitest(3, 0, [{ status: 'failed', assertionResults: [] }], 1),
    '3 passed, 1 failed',
    1,
  ],
  ['the run ends badly', checks, vitest(3, 0, [oneTest('passed')], 1), '3 passed, 1 failed', 1],
  ['the run leaves no report', checks, 'exit 1', '0 passed, 1 failed', 1],
])('the last line counts the tests when %s', async (_, tools, run, line, code) => {
  const ended = await testing({ ...tools, vitest: run });
  expect(ended.output.trimEnd().split('\n').at(-1)).toBe(line);
  expect(ended.code).toBe(code);
});

test('the slowest twenty files are listed before the last line, the slowest first', async () => {
  const files = Array.from({ length: 25 }, (_, n) => ({ ...oneTest('passed'), ...file(n, 1_000 + n * 100) }));
  const { output } = await testing({ ...checks, vitest: vitest(25, 0, files, 0) });
  const lines = output.trimEnd().split('\n');
  const heading = lines.indexOf('slowest test files, without their set-up:');
  expect(lines.slice(heading + 1)).toEqual([
    ...Array.from(
      { length: 20 },
      (_, place) => `${(3.4 - place / 10).toFixed(1).padStart(7)} s  test/file-${24 - place}.test.ts`,
    ),
    '25 passed, 0 failed',
  ]);
});

test('files without a test are not among the slowest, and without files no heading is printed', async () => {
  const files = [
    { ...oneTest('passed'), ...file(1, 40) },
    { status: 'failed', assertionResults: [], ...file(2, 0) },
  ];
  const some = await testing({ ...checks, vitest: vitest(1, 0, files, 1) });
  expect(some.output).toContain('    0.0 s  test/file-1.test.ts\n1 passed, 1 failed');
  expect(some.output).not.toContain('file-2');
  const none = await testing({ ...checks, vitest: 'exit 1' });
  expect(none.output).not.toContain('slowest');
});

test('arguments choose the tests', async () => {
  const { output } = await testing(
    { ...checks, vitest: `echo "asked: $*"; ${vitest(1, 0, [], 0)}` },
    '--',
    'packages/tlog',
  );
  expect(output).toMatch(/^asked: run .* packages\/tlog$/m);
});

test('--faults runs the tests of every fault, and no other tests or checks', async () => {
  const { output } = await testing(
    {
      tsc: 'exit 1',
      oxlint: 'exit 1',
      prettier: 'exit 1',
      vitest: `echo "$BITACORA_FAULTS: $*"; ${vitest(1, 0, [], 0)}`,
    },
    '--faults',
  );
  expect(output).toMatch(/^full: run .* test\/faults$/m);
  expect(output.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed');
});

/** A file in vitest's report; `ROOT` stands for the planted checkout. */
function file(number: number, tookMs: number): object {
  const startTime = 1_750_000_000_000;
  return { name: `ROOT/test/file-${number}.test.ts`, startTime, endTime: startTime + tookMs };
}

async function testing(tools: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const files = { 'scripts/lint-config.mjs': '' };
  const checkout = await plantCheckout({ tools, files });
  checkouts.push(checkout);
  return checkout.start('scripts/test.mjs', ...args).ended;
}

/** A program in place of vitest that writes this report to the given file and ends with `code`. */
function vitest(
  numPassedTests: number,
  numFailedTests: number,
  testResults: readonly object[],
  code: number,
): string {
  const report = JSON.stringify({ numPassedTests, numFailedTests, testResults });
  return `for a in "$@"; do case "$a" in --outputFile.json=*) echo '${report}' | sed "s#ROOT#$PWD#g" > "\${a#*=}";; esac; done; exit ${code}`;
}
