import pg from 'pg';
import type { TestServer } from '../../test/support/test-server.ts';
import { copyRows, createReferenceTable, indexedColumns, rowsOf } from './copy-reference.ts';
import type { BenchOptions } from './promise.ts';
import { createEventSource } from './real-events.ts';

export interface ReferenceTable {
  /** The milliseconds of one prepared statement, measured by the client. */
  time(statement: string, values?: readonly unknown[]): Promise<number>;
  /** The size of the table with its B-trees. */
  bytes(): Promise<number>;
  /** Builds the trigram index of S5 when it is not there. */
  withTrigrams(): Promise<void>;
  close(): Promise<void>;
}

const table = 'public.reference_events';
const chunk = 100_000;

/**
 * The reference of S4, S5, S6 and S8: the same events as wide rows of a plain table in the same PostgreSQL, with a primary
 * key and B-trees on (actor, at), (action, at), (target, at), (correlation, at) and (at). Built by COPY once and kept.
 */
export async function openReferenceTable(
  server: TestServer,
  { entries, say }: BenchOptions,
  { startMs, spacingMs, seed }: { startMs: number; spacingMs: number; seed: number },
): Promise<ReferenceTable> {
  const client = new pg.Client({ connectionString: server.superuserUrl() });
  await client.connect();
  const marker = await client.query("select to_regclass($1 || '_ready') as ready", [table]);
  if (marker.rows[0]?.ready === null) {
    say(`building the reference table of ${entries.toLocaleString('en')} rows`);
    await client.query(`drop table if exists ${table}`);
    await createReferenceTable(client, table);
    const next = createEventSource(seed, { startMs, spacingMs });
    for (let done = 0; done < entries; done += chunk) {
      const events = Array.from({ length: Math.min(chunk, entries - done) }, next);
      for (const rows of rowsOf(events)) await copyRows(client, table, rows);
    }
    for (const column of indexedColumns) await client.query(`create index on ${table} (${column}, at desc)`);
    await client.query(`create index on ${table} (at desc)`);
    await client.query(`vacuum analyze ${table}`);
    await client.query(`create table ${table}_ready ()`);
  }
  const names = new Map<string, string>();
  return {
    async time(text, values = []) {
      const name = names.get(text) ?? `reference-${names.size}`;
      names.set(text, name);
      const started = performance.now();
      await client.query({ name, text: text.replaceAll('EVENTS', table), values: [...values] });
      return performance.now() - started;
    },
    async bytes() {
      const size = await client.query<{ bytes: string }>(
        'select pg_table_size($1::regclass) + pg_indexes_size($1::regclass) as bytes',
        [table],
      );
      return Number(size.rows[0]?.bytes);
    },
    async withTrigrams() {
      await client.query('create extension if not exists pg_trgm with schema public');
      await client.query(
        `create index if not exists reference_trigrams on ${table} using gin (description public.gin_trgm_ops)`,
      );
    },
    close: () => client.end(),
  };
}
