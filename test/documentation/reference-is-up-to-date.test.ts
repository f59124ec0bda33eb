import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/reference.mjs', import.meta.url));

test('docs/reference equals what the code generates', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=bitacora:source', script, '--check'],
    { encoding: 'utf8' },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
