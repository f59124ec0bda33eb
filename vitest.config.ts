import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['bitacora:source'] },
  ssr: { resolve: { conditions: ['bitacora:source'] } },
  test: {
    include: ['packages/**/*.test.ts', 'packs/**/*.test.ts', 'examples/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});
