import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './workspaces.ts';

/** The exit code and the output of a program. */
export type Ended = { readonly code: number | null; readonly output: string };

/**
 * A new folder with the real `scripts/`. `tools` are shell scripts by name, which replace programs; `files` are written as they
 * are. By default npm is a script that prints `npm <arguments>` and fails.
 */
export async function plantCheckout(options: {
  readonly tools?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}) {
  const folder = await mkdtemp(join(tmpdir(), 'bitacora-checkout-'));
  const bin = join(folder, 'node_modules', '.bin');
  const lock = JSON.stringify({ packages: { 'node_modules/left': { version: '1.0.0' } } });
  const files = { 'package-lock.json': lock, 'node_modules/.package-lock.json': lock, ...options.files };
  await cp(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true });
  await mkdir(bin, { recursive: true });
  await symlink(process.execPath, join(bin, 'node'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  for (const [name, script] of Object.entries(options.tools ?? {})) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  const npm = join(folder, 'npm-cli.js');
  await writeFile(npm, "console.log('npm', ...process.argv.slice(2)); process.exitCode = 1;");
  const start = (script: string, ...args: readonly string[]) => started(join(folder, script), args, npm);
  return Object.freeze({ folder, start, remove: () => rm(folder, { recursive: true, force: true }) });
}

function started(script: string, args: readonly string[], npm: string) {
  const { CI: _, BITACORA_FAULTS: __, ...env } = process.env;
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, npm_execpath: npm },
  });
  const written: string[] = [];
  const waiting: { readonly text: string; readonly resolve: () => void }[] = [];
  const keep = (text: string) => {
    written.push(text);
    for (const { text: wanted, resolve } of waiting) if (written.join('').includes(wanted)) resolve();
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: written.join('') }));
  });
  const says = (text: string) => new Promise<void>((resolve) => void waiting.push({ text, resolve }));
  return Object.freeze({ ended, says, signal: (name: NodeJS.Signals) => child.kill(name) });
}
