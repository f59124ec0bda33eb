#!/usr/bin/env -S node --conditions=bitacora:source
// Starts the program of a checkout from its sources, which need Node 24: the workspace pins it, whatever `node` the shell
// finds first. Tarballs have no `bin`: there dist/main.js is the program.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = new URL('../src/main.ts', import.meta.url);
const condition = '--conditions=bitacora:source';
const ready = Number(process.versions.node.split('.')[0]) >= 24 && process.execArgv.includes(condition);

if (ready) await import(source.href);
else {
  const args = [condition, fileURLToPath(source), ...process.argv.slice(2)];
  const child = spawn(pinnedNode(), args, { stdio: 'inherit' });
  // A terminal sends Ctrl-C to all of its processes by itself.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`bitacora: cannot start Node 24: ${error.message}\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}

function pinnedNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node/package.json');
    return join(dirname(manifest), 'bin', 'node');
  } catch {
    return process.execPath;
  }
}
