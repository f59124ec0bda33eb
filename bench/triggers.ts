import pg from 'pg';
import { installCapture } from '@bitacora/sdk/postgres';
import { runPostgres } from '../test/support/run-postgres.ts';
import type { SpeedPromise } from './support/promise.ts';

const rounds = 7;
const singleMs = 1_200;
const bulkRows = 200_000;

const tableSql = (
  name: string,
): string => `create table ${name} (id bigint generated always as identity primary key,
  guest text not null, room integer, nights integer, total numeric(12, 2), paid boolean not null default false, note text,
  created_at timestamptz not null default now())`;
const columns = '(guest, room, nights, total, note)';

/** The triggers of `capture install`: single inserts with and without them, and bulk statements, on one PostgreSQL, in turns. */
export const triggers: SpeedPromise = {
  id: 'triggers',
  title: 'changes captured by PostgreSQL triggers: single inserts with and without, and bulk',
  cost: '1 GB of disk, 1 minute',
  async measure({ say }) {
    const cluster = await runPostgres({ shared_buffers: '256MB', max_wal_size: '4GB' });
    const client = new pg.Client({ connectionString: cluster.url });
    try {
      await client.connect();
      await client.query(tableSql('plain'));
      await client.query(tableSql('captured'));
      await installCapture((text, values) => client.query(text, [...values]), { tables: ['captured'] });
      const single: Record<'plain' | 'captured', number[]> = { plain: [], captured: [] };
      await singleInserts(client, 'plain');
      await singleInserts(client, 'captured');
      for (let round = 0; round < rounds; round++) {
        const order = round % 2 === 0 ? (['plain', 'captured'] as const) : (['captured', 'plain'] as const);
        for (const table of order) single[table].push(await singleInserts(client, table));
      }
      const [without, within] = [median(single.plain), median(single.captured)];
      const cost = 1 - within / without;
      say(
        `single inserts: ${Math.round(without)}/s without, ${Math.round(within)}/s with, ${(cost * 100).toFixed(1)} %`,
      );
      const bulk: Record<string, number[]> = { insert: [], update: [], delete: [], plain: [] };
      for (let round = 0; round < 3; round++) {
        for (const [name, rate] of Object.entries(await bulkStatements(client))) bulk[name]?.push(rate);
      }
      const rates = Object.fromEntries(Object.entries(bulk).map(([name, values]) => [name, median(values)]));
      const slowest = Math.min(rates['insert'] ?? 0, rates['update'] ?? 0, rates['delete'] ?? 0);
      const { rows } = await client.query(
        `select pg_table_size('bitacora.outbox') / greatest(count(*), 1) as bytes from bitacora.outbox`,
      );
      return {
        value: slowest,
        unit: 'rows/s',
        reference: rates['plain'] ?? null,
        ratio: slowest / (rates['plain'] ?? slowest),
        goal: '>= 100,000 rows/s in bulk; single inserts cost <= 15 %',
        holds: slowest >= 100_000 && cost <= 0.15,
        notes: [
          `${bulkRows.toLocaleString('en')} rows in a statement: insert ${thousands(rates['insert'])}, update ${thousands(rates['update'])}, delete ${thousands(rates['delete'])} rows/s; the reference is the insert without triggers`,
          `single inserts, each its own commit: ${thousands(without)}/s without, ${thousands(within)}/s with: ${(cost * 100).toFixed(1)} % less`,
          `${Number(rows[0].bytes)} bytes of outbox a row; PostgreSQL ${cluster.version}`,
        ],
      };
    } finally {
      await client.end();
      await cluster.close();
    }
  },
};

/** Inserts a second. */
async function singleInserts(client: pg.Client, table: string): Promise<number> {
  const statement = {
    name: `insert-${table}`,
    text: `insert into ${table} ${columns} values ($1, $2, $3, $4, $5)`,
  };
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < singleMs) {
    await client.query({
      ...statement,
      values: [`guest ${count}`, count % 300, 3, '120.50', 'a quiet room, please'],
    });
    count += 1;
  }
  return count / ((performance.now() - start) / 1_000);
}

/** Rows a second of one statement over all rows, by kind. */
async function bulkStatements(client: pg.Client): Promise<Record<string, number>> {
  await client.query('truncate plain; truncate captured; truncate bitacora.outbox; checkpoint');
  const insert = (table: string): string =>
    `insert into ${table} ${columns} select 'guest ' || i, i % 300, 3, 120.50, 'a quiet room, please' from generate_series(1, ${bulkRows}) as i`;
  const rate = async (text: string): Promise<number> => {
    const start = performance.now();
    await client.query(text);
    return bulkRows / ((performance.now() - start) / 1_000);
  };
  return {
    plain: await rate(insert('plain')),
    insert: await rate(insert('captured')),
    update: await rate('update captured set nights = nights + 1'),
    delete: await rate('delete from captured'),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function thousands(value: number | undefined): string {
  return Math.round(value ?? 0).toLocaleString('en');
}
