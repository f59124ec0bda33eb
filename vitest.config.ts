import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

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
    // long enough for a machine that is busy elsewhere; a single test that hangs must still end
    testTimeout: allFaults ? 3_600_000 : 120_000,
    hookTimeout: allFaults ? 600_000 : 60_000,
    // what is waited for comes at once, or much later where others use the machine
    expect: { poll: { timeout: 20_000 } },
    // a process per file: tests start servers, kill them, and set environment variables
    pool: 'forks',
    // two cores are what continuous integration has; half of the time is waiting for servers and disks
    maxWorkers: 4,
  },
});
