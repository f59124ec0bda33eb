import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { installWhenNeeded, root } from './install-when-needed.mjs';

const given = process.argv.slice(2).filter((argument) => argument !== '--');
const faults = given.includes('--faults');
const filters = given.filter((argument) => argument !== '--faults');

/** How many of the slowest files are named at the end of a run. */
const slowestFilesMax = 20;

installWhenNeeded();
const bin = join(root, 'node_modules', '.bin');
const env = {
  ...process.env,
  // The pinned Node.js runs the tools, and not the Node.js of the machine.
  PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
  ...(faults ? { BITACORA_FAULTS: 'full' } : {}),
};

const checks = [
  ['types', 'tsc', ['-b']],
  ['import table', 'node', ['scripts/lint-config.mjs', '--check']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings', ...(env.CI ? ['--format=unix'] : [])]],
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
];
const failedChecks = faults ? 0 : checks.filter((check) => !passes(...check)).length;
const tests = runTests();
const failed = tests.failed + failedChecks;
for (const line of slowest(tests.files)) console.log(line);
console.log(`${tests.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** One stage of `npm run check`; its output goes to the terminal unchanged. */
function passes(name, command, args) {
  const began = Date.now();
  const { status, error } = spawnSync(join(bin, command), args, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) console.error(`${name}: ${error.message}`);
  const ok = status === 0;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} ${seconds(began)}`);
  return ok;
}

function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'bitacora-tests-'));
  const report = join(folder, 'report.json');
  const began = Date.now();
  try {
    const { status } = spawnSync(
      join(bin, 'vitest'),
      [
        'run',
        `--reporter=${process.env.CI ? 'dot' : 'default'}`,
        '--reporter=json',
        `--outputFile.json=${report}`,
        ...(faults && filters.length === 0 ? ['test/faults'] : filters),
      ],
      { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    console.log(`${status === 0 ? 'ok    ' : 'FAILED'} tests ${seconds(began)}`);
    return count(report, status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that does not load, and a run that ends badly without a failed test, count as one failure each. */
function count(report, status) {
  try {
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    const broken = testResults.filter(
      ({ status: file, assertionResults }) =>
        file === 'failed' && !assertionResults.some(({ status: test }) => test === 'failed'),
    ).length;
    const failures = numFailedTests + broken;
    const failed = failures === 0 && status !== 0 ? 1 : failures;
    return { passed: numPassedTests, failed, files: testResults };
  } catch {
    return { passed: 0, failed: 1, files: [] };
  }
}

/** A heading and one line for each of the slowest files: from the start of its first test to the end of its last one. */
function slowest(files) {
  const lines = files
    .map(({ name, startTime, endTime }) => ({ name, tookMs: endTime - startTime }))
    .filter(({ tookMs }) => tookMs > 0)
    .sort((a, b) => b.tookMs - a.tookMs)
    .slice(0, slowestFilesMax)
    .map(({ name, tookMs }) => `${(tookMs / 1000).toFixed(1).padStart(7)} s  ${relative(root, name)}`);
  return lines.length === 0 ? [] : ['slowest test files, without their set-up:', ...lines];
}

function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}
