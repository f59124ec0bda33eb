import { AuditError } from './audit-error.ts';
import { loadConfig, reindex, startDemo, startServer } from './app/index.ts';
import { readSettings } from './settings/index.ts';
import { openDataDirectory, openStorage } from './storage/index.ts';

const usage = `Usage: bitacora serve [--demo] | migrate | reindex

  serve      start the server; the main settings in the environment are
             BITACORA_PORT, BITACORA_HOST, BITACORA_DATA_DIR, BITACORA_DATABASE_URL, BITACORA_PUBLIC_URL
             (all of them: docs/reference/settings.md); packs are named in bitacora.config.ts
    --demo   keep a tenant "demo" with invented activity
  migrate    bring the database up to date and stop
  reindex    build the search index again and stop; stop all servers before
`;

/** Returns the exit code: 0 success, 2 wrong usage or the server cannot start. A failure of our own code ends with 1. */
async function main(args: readonly string[]): Promise<number> {
  const [command, ...flags] = args;
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  const unknown = flags.find((flag) => flag !== '--demo');
  if (unknown !== undefined) return wrongUsage(`there is no option ${unknown}`);
  if (command === 'serve') return serve(flags.includes('--demo'));
  if (command === 'migrate') return migrate();
  if (command === 'reindex') return rebuildIndex();
  return wrongUsage(command === undefined ? 'a command is missing' : `there is no command ${command}`);
}

function wrongUsage(what: string): number {
  process.stderr.write(`bitacora: ${what}\n\n${usage}`);
  return 2;
}

async function serve(demo: boolean): Promise<number> {
  const settings = readSettings(process.env);
  const { packs = [] } = await loadConfig(settings.config);
  const server = await startServer({ settings, packs });
  const stopDemo = demo ? await startDemo(server, packs) : undefined;
  process.stdout.write(`Bitácora listens on ${server.url}\n`);
  if (stopDemo) process.stdout.write(`Look at invented activity: ${server.url}/app/#key=${stopDemo.key}\n`);
  // The key is shown on a terminal only, so that it does not get into the log of a service.
  const own = `${server.url}/app/#key=${demo || process.stdout.isTTY ? server.adminKey : 'bta_own_…'}`;
  process.stdout.write(`Your own ledger, empty at first: ${own}\n`);
  if (server.ownerLink) {
    const { url, file } = server.ownerLink;
    const link = demo || process.stdout.isTTY ? url : `${url.slice(0, url.lastIndexOf('/'))}/… (see ${file})`;
    process.stdout.write(`Make the first owner, once: ${link}\n`);
  }
  process.stdout.write(`API reference: ${server.url}/app/reference\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await stopDemo?.stop();
  await server.close();
  return 0;
}

async function rebuildIndex(): Promise<number> {
  await reindex(readSettings(process.env), ({ ledger, entries }) => {
    process.stdout.write(`${ledger}: ${entries} entries in stored spans\n`);
  });
  return 0;
}

async function migrate(): Promise<number> {
  const settings = readSettings(process.env);
  const directory = openDataDirectory(settings.dataDirectory);
  try {
    const storage = await openStorage({
      databaseUrl: settings.databaseUrl,
      directory,
      onError: () => undefined,
    });
    await storage.close();
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

/** The text for the operator: that of an error that we throw on purpose, and the stack of any other error. */
function textOf(error: unknown): string {
  if (error instanceof AuditError) return error.operatorText ?? error.detail ?? error.title;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bitacora: ${textOf(error)}\n`);
  process.exitCode = error instanceof AuditError ? 2 : 1;
}
