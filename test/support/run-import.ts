import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestServer } from './test-server.ts';

const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

export interface ImportSummary {
  rows: number;
  events: number;
  accepted: number;
  duplicates: number;
  rejected: number;
}

/** Runs `bitacora import` in its own process and in a new folder, so that it finds no side file of an earlier run. */
export async function runImport(
  server: TestServer,
  file: string,
  options: { map: string; ledger?: string },
): Promise<ImportSummary> {
  const directory = mkdtempSync(join(tmpdir(), 'bitacora-import-'));
  const map = fileURLToPath(new URL(`../../examples/import/${options.map}.yaml`, import.meta.url));
  const place = options.ledger === undefined ? [] : ['--ledger', options.ledger];
  const args = ['--conditions=bitacora:source', cli, 'import', file, '--map', map, '--json', ...place];
  try {
    const output = await new Promise<string>((resolve, reject) => {
      const environment = { ...process.env, BITACORA_URL: server.url, BITACORA_API_KEY: server.key };
      execFile(process.execPath, args, { cwd: directory, env: environment }, (error, stdout, stderr) =>
        error ? reject(new Error(`the import failed: ${stderr}`)) : resolve(stdout),
      );
    });
    return JSON.parse(output);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
