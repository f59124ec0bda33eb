import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { installWhenNeeded, root } from './install-when-needed.mjs';

const main = `${root}packages/server/src/main.ts`;

installWhenNeeded();
if (!existsSync(main)) {
  console.error(`There is no ${main}: is this checkout complete?`);
  process.exit(2);
}

const server = spawn(
  `${root}node_modules/.bin/node`,
  ['--conditions=bitacora:source', '--max-semi-space-size=64', main, 'serve', ...process.argv.slice(2)],
  // A terminal shows only warnings and errors; BITACORA_LOG_LEVEL=info shows each request.
  { stdio: 'inherit', env: { BITACORA_LOG_LEVEL: 'warn', ...process.env } },
);

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => forward(signal));

/** Ctrl-C in a terminal reaches the whole process group; a second SIGINT would cut the server's shutdown short. */
function forward(signal) {
  if (signal === 'SIGINT' && process.stdin.isTTY) return;
  server.kill(signal);
}

server.on('error', (error) => {
  console.error(`The pinned Node.js could not be started: ${error.message}`);
  process.exit(2);
});
server.on('exit', (code, signal) => {
  process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0));
});
