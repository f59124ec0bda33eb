import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startTestServer, type TestServer } from '../../test/support/test-server.ts';
import { postRequest, runLoad } from './load.ts';
import { openReferenceTable, type ReferenceTable } from './reference-table.ts';
import type { BenchOptions } from './promise.ts';
import { createEventSource } from './real-events.ts';

const batch = 500;
const seed = 7;
/** Milliseconds between events of the set: 20 million are 60 days. */
const spacingMs = 260;

/** Starts a server on the large data set. The set is built over HTTP once and kept. */
export async function startLargeSet({ entries, directory, say }: BenchOptions): Promise<TestServer> {
  const dataDirectory = join(directory, `entries-${entries}`);
  const completeFile = join(dataDirectory, 'complete');
  mkdirSync(dataDirectory, { recursive: true });
  const server = await startTestServer({}, { dataDirectory });
  if (existsSync(completeFile)) return server;
  say(
    `building ${entries.toLocaleString('en')} entries in ${dataDirectory}: about ${Math.ceil(entries / 1_000_000)} GB of disk`,
  );
  const stored = await sizeOf(server);
  const next = createEventSource(seed, { startMs: startOf(dataDirectory, entries), spacingMs });
  for (let skipped = 0; skipped < stored; skipped++) next();
  let sent = stored;
  const started = performance.now();
  const report = setInterval(() => {
    const rate = (sent - stored) / ((performance.now() - started) / 1000);
    say(
      `${sent.toLocaleString('en')} sent, ${Math.round(rate)}/s, ${Math.ceil((entries - sent) / rate / 60)} min left`,
    );
  }, 20_000);
  await runLoad({
    port: Number(new URL(server.url).port),
    connections: 6,
    seconds: 86_400,
    next() {
      const count = Math.min(batch, entries - sent);
      sent += count;
      return count === 0
        ? undefined
        : postRequest('/v1/events', server.key, JSON.stringify(Array.from({ length: count }, next)));
    },
  });
  await waitForProjections(server, say);
  clearInterval(report);
  writeFileSync(completeFile, new Date().toISOString());
  return server;
}

/** A plain table in the same PostgreSQL with the same events as rows. */
export function largeReference(server: TestServer, options: BenchOptions): Promise<ReferenceTable> {
  const startMs = startOf(join(options.directory, `entries-${options.entries}`), options.entries);
  return openReferenceTable(server, options, { startMs, spacingMs, seed });
}

/** The time at which the set begins. It is kept in a file, so that a run that continues the set makes the same events. */
function startOf(dataDirectory: string, entries: number): number {
  const file = join(dataDirectory, 'started');
  if (!existsSync(file)) writeFileSync(file, String(Date.now() - entries * spacingMs));
  return Number(readFileSync(file, 'utf8'));
}

/** Runs statements as superuser, who sees all ledgers. */
export async function asSuperuser<T>(server: TestServer, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server.superuserUrl() });
  await client.connect();
  try {
    await client.query('set search_path = bitacora');
    return await use(client);
  } finally {
    await client.end();
  }
}

async function sizeOf(server: TestServer): Promise<number> {
  return asSuperuser(server, async (client) =>
    Number((await client.query('select size from head where ledger = 1')).rows[0]?.size ?? 0),
  );
}

/** Waits until the index and the rollups are up to date. */
async function waitForProjections(server: TestServer, say: (line: string) => void): Promise<void> {
  for (;;) {
    const behind = await asSuperuser(server, async (client) => {
      const result = await client.query(
        "select max(h.size - p.cursor) as behind from head h join projection p using (ledger) where h.ledger = 1 and p.name in ('postings', 'rollups')",
      );
      return Number(result.rows[0]?.behind ?? 0);
    });
    if (behind < 16_384) return;
    say(`${behind} entries still to be indexed`);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

/** Milliseconds that the server itself spent on an answer. */
export async function timeInServer(
  server: TestServer,
  path: string,
): Promise<{ ms: number; body: Record<string, unknown> }> {
  const response = await server.fetch(path);
  const body = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
  const ms = Number(/dur=([\d.]+)/.exec(response.headers.get('server-timing') ?? '')?.[1]);
  return { ms, body };
}
