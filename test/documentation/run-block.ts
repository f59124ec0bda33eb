import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { patienceMs } from '../support/wait-until.ts';
import type { CodeBlock } from './code-blocks.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const blockTimeoutMs = 5 * patienceMs;

export interface Reader {
  /** Runs a block as a reader of the page does. Rejects with its output when it fails. */
  run(block: CodeBlock): Promise<string>;
  dispose(): void;
}

/**
 * Runs the blocks of a page like a reader with a server. They run in a new folder that looks like the checkout. Their path is
 * that of the machine, without our programs, and `DATABASE_URL` is an empty database. Files and exported variables of a block
 * are there in the next block. With `briefNpx`, `npx` starts installed programs directly, in a tenth of the time.
 */
export function createReader(server: {
  url: string;
  key: string;
  databaseUrl?: string;
  briefNpx?: boolean;
}): Reader {
  const folder = mkdtempSync(join(tmpdir(), 'bitacora-reader-'));
  // When the tests run as root, the embedded PostgreSQL of a server that a page starts runs as another user.
  chmodSync(folder, 0o755);
  for (const name of ['node_modules', 'examples', 'packs']) symlinkSync(join(root, name), join(folder, name));
  const path = pathOfMachine(process.env['PATH'] ?? '');
  const env = {
    ...process.env,
    PATH: server.briefNpx ? [writeBriefNpx(folder, path), path].join(delimiter) : path,
    BITACORA_URL: server.url,
    BITACORA_API_KEY: server.key,
    ...(server.databaseUrl !== undefined && { DATABASE_URL: server.databaseUrl }),
    // An import keeps its side file in the folder for temporary files.
    TMPDIR: folder,
  };
  return {
    async run({ info, code }) {
      const asked = code
        .replaceAll('http://localhost:4000', server.url)
        .replaceAll(/bta_(own|live)_…/g, server.key);
      if (info.startsWith('python')) return execute('python3', ['-'], { env, folder, input: asked });
      const kept = `[ -f .exported ] && . ./.exported\n${asked}\nexport -p > .exported\n`;
      return execute('bash', ['-eu', '-o', 'pipefail', '-s'], { env, folder, input: kept });
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Writes an `npx` that runs installed programs itself and leaves all others to the machine's npx; returns its folder. */
function writeBriefNpx(folder: string, path: string): string {
  const place = join(folder, '.brief');
  const programs = join(root, 'node_modules', '.bin');
  mkdirSync(place);
  writeFileSync(
    join(place, 'npx'),
    `#!/bin/sh
if [ ! -x "${programs}/$1" ]; then PATH="${path}" exec npx "$@"; fi
program=$1
shift
PATH="${programs}:${path}" exec "${programs}/$program" "$@"
`,
    { mode: 0o755 },
  );
  return place;
}

/** The path without the folders that npm, npx and the pinned Node add in front. */
function pathOfMachine(path: string): string {
  return path
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(delimiter);
}

async function execute(
  program: string,
  args: readonly string[],
  { env, folder, input }: { env: NodeJS.ProcessEnv; folder: string; input: string },
): Promise<string> {
  // The block has its own process group, so that its background processes can be ended with it.
  const child = spawn(program, args, { cwd: folder, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const timer = setTimeout(() => endGroup(child.pid), blockTimeoutMs);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.on(
    'error',
    (error: Error) => (err += `${program} cannot be started, and this page needs it: ${error.message}`),
  );
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  await once(child, 'close').catch(() => undefined);
  clearTimeout(timer);
  endGroup(child.pid);
  if (child.exitCode === 0) return out;
  throw new Error(`${program} ended with ${child.exitCode ?? child.signalCode}:\n${input}\n${out}\n${err}`);
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGTERM');
  } catch {
    // The group has ended already.
  }
}
