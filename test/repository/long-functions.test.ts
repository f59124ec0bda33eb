import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { functionLinesMax, longFunctions } from '../../scripts/long-functions.mjs';
import { root } from './workspaces.ts';

test('the list of long functions names exactly the files that have one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitacora-lint-'));
  const config = join(folder, 'oxlintrc.json');
  const limit = { max: functionLinesMax, skipBlankLines: true, skipComments: true };
  writeFileSync(
    config,
    JSON.stringify({
      categories: { correctness: 'off' },
      rules: { 'max-lines-per-function': ['error', limit] },
    }),
  );
  const { stdout } = spawnSync(
    join(root, 'node_modules', '.bin', 'oxlint'),
    ['-c', config, '--format=json', 'packages', 'packs', 'scripts', 'examples'],
    { cwd: root, encoding: 'utf8' },
  );
  rmSync(folder, { recursive: true });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string }[] };
  // The configuration is in another folder, so its patterns do not match and tests are left out here.
  const files = new Set(
    diagnostics.map(({ filename }) => filename).filter((file) => !/\.test\.ts$|\/test(-kit)?\//.test(file)),
  );
  expect([...files].sort()).toEqual(Object.keys(longFunctions).sort());
});
