import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const program = join(checkout, 'packages/cli/bin/bitacora.mjs');

export interface Ran {
  code: number;
  out: string;
  error: string;
}

/** A folder outside the checkout in which packs are written, checked and served. */
export interface PackFolder {
  path: string;
  /** Runs `bitacora pack new ARGS` in the folder. */
  packNew(...args: string[]): Promise<Ran>;
  /** Runs the compiler with the checkout's settings over all files of the folder. */
  compile(): Promise<Ran>;
  remove(): void;
}

export function openPackFolder(): PackFolder {
  const path = mkdtempSync(join(tmpdir(), 'bitacora-packs-'));
  chmodSync(path, 0o755);
  // The link lets Node find the checkout's packages from this folder.
  symlinkSync(join(checkout, 'node_modules'), join(path, 'node_modules'));
  const run = (args: string[]): Promise<Ran> =>
    new Promise((resolve) =>
      execFile(process.execPath, args, { cwd: path }, (failure, out, error) =>
        resolve({ code: failure ? Number(failure.code ?? 1) : 0, out, error }),
      ),
    );
  return {
    path,
    packNew: (...args) => run(['--conditions=bitacora:source', program, 'pack', 'new', ...args]),
    compile: () => run([join(checkout, 'node_modules/typescript/bin/tsc'), '-p', path]),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
