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

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
const running = { server: undefined, early: undefined };

// Set before the server is started. The server may get a signal twice, from its sender and from here: once is enough for it.
for (const signal of signals) {
  process.on(signal, () => {
    if (running.server) running.server.kill(signal);
    else running.early = signal;
  });
}

const server = spawn(
  `${root}node_modules/.bin/node`,
  ['--conditions=bitacora:source', '--max-semi-space-size=64', main, 'serve', ...process.argv.slice(2)],
  // A terminal shows only warnings and errors; BITACORA_LOG_LEVEL=info shows each request. The server stops when the channel
  // ends, because this program was killed.
  {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { BITACORA_LOG_LEVEL: 'warn', ...process.env },
  },
);
running.server = server;
if (running.early) server.kill(running.early);

server.on('error', (error) => {
  console.error(`The pinned Node.js could not be started: ${error.message}`);
  process.exit(2);
});
server.on('exit', (code, signal) => {
  process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0));
});
