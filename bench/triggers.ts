import pg from 'pg';
import { installCapture } from '@bitacora/sdk/postgres';
import { runPostgres } from '../test/support/run-postgres.ts';
import type { SpeedPromise } from './support/promise.ts';

const singleTables = ['plain', 'captured', 'control'] as const;
const singleRounds = 12_000;
const warmUpRounds = 1_000;
/** This share of the longest and of the shortest times is left out, since a checkpoint or another process changed them. */
const trimmedShare = 0.05;
const bulkRows = 200_000;

const tableSql = (
  name: string,
): string => `create table ${name} (id bigint generated always as identity primary key,
  guest text not null, room integer, nights integer, total numeric(12, 2), paid boolean not null default false, note text,
  created_at timestamptz not null default now())`;
const columns = '(guest, room, nights, total, note)';

/**
 * Measures the triggers of `capture install` on one PostgreSQL: bulk statements, and single inserts into a table with triggers,
 * one without, and a second one without. The inserts take turns, so that changes of the machine's speed affect all three.
 */
export const triggers: SpeedPromise = {
  id: 'triggers',
  title: 'changes captured by PostgreSQL triggers: single inserts with and without, and bulk',
  cost: '1 GB of disk, 1 minute',
  async measure({ say }) {
    const cluster = await runPostgres({ shared_buffers: '256MB', max_wal_size: '4GB' });
    const client = new pg.Client({ connectionString: cluster.url });
    try {
      await client.connect();
      for (const table of singleTables) await client.query(tableSql(table));
      await installCapture((text, values) => client.query(text, [...values]), { tables: ['captured'] });
      const micros = await singleInserts(client);
      const lost = (table: 'captured' | 'control'): number => 1 - micros.plain / micros[table];
      const cost = lost('captured');
      const single = `${micros.plain.toFixed(0)} µs without, ${micros.captured.toFixed(0)} µs with: ${percent(cost)} fewer a second (a second table without: ${percent(lost('control'))})`;
      say(`single inserts: ${single}`);
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
          `single inserts, each its own commit, ${singleRounds.toLocaleString('en')} into each table in turns: ${single}`,
          `${Number(rows[0].bytes)} bytes of outbox a row; PostgreSQL ${cluster.version}`,
        ],
      };
    } finally {
      await client.end();
      await cluster.close();
    }
  },
};

/** The time of an insert into each table, in microseconds. */
async function singleInserts(client: pg.Client): Promise<Record<(typeof singleTables)[number], number>> {
  const micros: Record<(typeof singleTables)[number], number[]> = { plain: [], captured: [], control: [] };
  for (let round = -warmUpRounds; round < singleRounds; round++) {
    for (const place of singleTables.keys()) {
      const table = singleTables[(place + round + warmUpRounds) % singleTables.length] ?? 'plain';
      const start = performance.now();
      await client.query({
        name: `insert-${table}`,
        text: `insert into ${table} ${columns} values ($1, $2, $3, $4, $5)`,
        values: [`guest ${round}`, round % 300, 3, '120.50', 'a quiet room, please'],
      });
      if (round >= 0) micros[table].push((performance.now() - start) * 1_000);
    }
  }
  return {
    plain: trimmedMean(micros.plain),
    captured: trimmedMean(micros.captured),
    control: trimmedMean(micros.control),
  };
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

function trimmedMean(values: readonly number[]): number {
  const cut = Math.floor(values.length * trimmedShare);
  const kept = values.toSorted((a, b) => a - b).slice(cut, values.length - cut);
  return kept.reduce((sum, value) => sum + value, 0) / kept.length;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function thousands(value: number | undefined): string {
  return Math.round(value ?? 0).toLocaleString('en');
}
