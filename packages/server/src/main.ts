import { once } from 'node:events';
import { AuditError } from './audit-error.ts';
import { loadConfig, reindex, startDemo, startServer, type Demo, type Server } from './app/index.ts';
import { readSettings } from './settings/index.ts';
import { openDataDirectory, openStorage } from './storage/index.ts';

const stopWithinMs = 60_000;
const usage = `Usage: bitacora serve [--demo] | migrate | reindex

  serve      start the server; the main settings in the environment are
             BITACORA_PORT, BITACORA_HOST, BITACORA_DATA_DIR, BITACORA_DATABASE_URL, BITACORA_PUBLIC_URL
             (all of them: docs/reference/settings.md); packs are named in bitacora.config.ts
    --demo   keep a tenant "demo" with invented activity
  migrate    bring the database up to date and stop
  reindex    build the search index again and stop; stop all servers before
`;

/** Returns the exit code: 0 success, 2 wrong usage or the server cannot start. A failure of our own code ends with 1. */
async function main(args: readonly string[], stop: AbortSignal): Promise<number> {
  const [command, ...flags] = args;
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = flags.find((flag) => flag !== '--demo');
  if (unknown !== undefined) return wrongUsage(`there is no option ${unknown}`);
  if (command === 'serve') return serve(flags.includes('--demo'), stop);
  if (command === 'migrate') return migrate(stop);
  if (command === 'reindex') return rebuildIndex(stop);
  return wrongUsage(command === undefined ? 'a command is missing' : `there is no command ${command}`);
}

function wrongUsage(what: string): number {
  process.stderr.write(`bitacora: ${what}\n\n${usage}`);
  return 2;
}

async function serve(demo: boolean, stop: AbortSignal): Promise<number> {
  const settings = readSettings(process.env);
  const { packs = [] } = await loadConfig(settings.config);
  const server = await startServer({ settings, packs, stop });
  let invented: Demo | undefined;
  try {
    invented = demo ? await startDemo(server, packs) : undefined;
    printAddresses(server, { demo: invented });
    if (!stop.aborted) await once(stop, 'abort');
  } finally {
    await invented?.stop();
    await server.close();
  }
  return 0;
}

function printAddresses(server: Server, { demo }: { demo: Demo | undefined }): void {
  const shown = demo !== undefined || process.stdout.isTTY;
  process.stdout.write(`Bitácora listens on ${server.url}\n`);
  if (demo) process.stdout.write(`Look at invented activity: ${server.url}/app/#key=${demo.key}\n`);
  // The key is shown on a terminal only, so that it does not get into the log of a service.
  const own = `${server.url}/app/#key=${shown ? server.adminKey : 'bta_own_…'}`;
  process.stdout.write(`Your own ledger, empty at first: ${own}\n`);
  if (server.ownerLink) {
    const { url, file } = server.ownerLink;
    const link = shown ? url : `${url.slice(0, url.lastIndexOf('/'))}/… (see ${file})`;
    process.stdout.write(`Make the first owner, once: ${link}\n`);
  }
  process.stdout.write(`API reference: ${server.url}/app/reference\n`);
}

async function rebuildIndex(stop: AbortSignal): Promise<number> {
  await reindex(readSettings(process.env), ({ ledger, entries }) => {
    process.stdout.write(`${ledger}: ${entries} entries in stored spans\n`);
    stop.throwIfAborted();
  });
  return 0;
}

async function migrate(stop: AbortSignal): Promise<number> {
  const settings = readSettings(process.env);
  const directory = openDataDirectory(settings.dataDirectory);
  try {
    const storage = await openStorage({
      databaseUrl: settings.databaseUrl,
      directory,
      onError: () => undefined,
    });
    await storage.close();
    stop.throwIfAborted();
    process.stdout.write(
      storage.migrated.length > 0
        ? `applied ${storage.migrated.join(', ')}\n`
        : 'the database is up to date\n',
    );
    return 0;
  } finally {
    directory.close();
  }
}

/**
 * Aborted by the first signal that asks this program to stop; further signals change nothing. A signal to the process group
 * arrives once from the system and once more from each program that forwards it. A program that started this one and was
 * killed itself asks in this way, too. After `stopWithinMs` the program ends as it is, and the next start recovers.
 */
function stopRequest(): AbortSignal {
  const controller = new AbortController();
  const request = (): void => {
    if (controller.signal.aborted) return;
    controller.abort(new Error('asked to stop'));
    setTimeout(() => {
      process.stderr.write(
        `bitacora: not closed within ${stopWithinMs / 1_000} s; the next start recovers\n`,
      );
      process.exit(1);
    }, stopWithinMs).unref();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, request);
  process.on('disconnect', request);
  // Waiting for the program that started this one keeps nothing alive.
  process.channel?.unref();
  return controller.signal;
}

/** The text for the operator: that of an error that we throw on purpose, and the stack of any other error. */
function textOf(error: unknown): string {
  if (error instanceof AuditError) return error.operatorText ?? error.detail ?? error.title;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const stop = stopRequest();
try {
  process.exitCode = await main(process.argv.slice(2), stop);
} catch (error) {
  if (stop.aborted && error === stop.reason) process.exitCode = 0;
  else {
    process.stderr.write(`bitacora: ${textOf(error)}\n`);
    process.exitCode = error instanceof AuditError ? 2 : 1;
  }
}
