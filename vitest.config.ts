import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { patienceMs } from './test/support/wait-until.ts';

const allFaults = process.env['BITACORA_FAULTS'] === 'full';

// Tests start hundreds of servers and commands from source: compiled once, a start takes less than half the processor time.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url));

export default defineConfig({
  resolve: { conditions: ['bitacora:source'] },
  ssr: { resolve: { conditions: ['bitacora:source'] } },
  test: {
    include: ['packages/**/*.test.ts', 'packs/**/*.test.ts', 'examples/**/*.test.ts', 'test/**/*.test.ts'],
    // the rows of the packs run within each installation (test/packs/rows/describe-rows.ts), never alone
    exclude: ['**/node_modules/**', '**/dist/**', 'test/packs/rows/**'],
    globalSetup: 'test/support/set-up-run.ts',
    // These limits only end what hangs: at a load of 28 on two cores the slowest test takes a quarter of an hour.
    testTimeout: allFaults ? 3_600_000 : 1_800_000,
    hookTimeout: 900_000,
    teardownTimeout: patienceMs,
    // What is waited for comes at once, or much later where others use the machine.
    expect: { poll: { timeout: patienceMs } },
    // a process per file: tests start servers, kill them, and set environment variables
    pool: 'forks',
    // Two cores are what continuous integration has; half of the time is waiting for servers and disks. Where other programs
    // use the cores as well, fewer workers would only get a smaller share of them.
    maxWorkers: 4,
  },
});
