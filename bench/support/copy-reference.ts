import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/**
 * The reference of S1: rows per second of a COPY of the same events. One connection with default durability writes 20 columns,
 * two of them json, into a table with a primary key and four B-trees (actor, action, target, correlation).
 */
export async function copyReference(
  url: string,
  events: readonly Record<string, unknown>[],
): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('drop table if exists public.reference');
    await createReferenceTable(client, 'public.reference');
    for (const column of indexedColumns) await client.query(`create index on public.reference (${column})`);
    const batches = rowsOf(events);
    const start = performance.now();
    for (const batch of batches) await copyRows(client, 'public.reference', batch);
    return events.length / ((performance.now() - start) / 1000);
  } finally {
    await client.query('drop table if exists public.reference');
    await client.end();
  }
}

/** The columns that the references index. */
export const indexedColumns = ['actor', 'action', 'target', 'correlation'];

/** Creates a table with one wide row for each event, with a primary key and no other index. */
export async function createReferenceTable(client: pg.Client, table: string): Promise<void> {
  await client.query(`create table ${table} (id uuid primary key, at timestamptz, actor text, actor_name text, role text, action text,
    module text, target_type text, target text, subject text, outcome text, level text, ip text, agent text, session text,
    correlation text, description text, duration integer, changes json, attributes json)`);
}

const batchRows = 10_000;

/** Events as COPY text, ten thousand rows in each buffer. */
export function rowsOf(events: readonly Record<string, unknown>[]): Buffer[] {
  const batches: Buffer[] = [];
  for (let start = 0; start < events.length; start += batchRows) {
    batches.push(
      Buffer.from(
        events
          .slice(start, start + batchRows)
          .map(rowOf)
          .join(''),
      ),
    );
  }
  return batches;
}

function rowOf(event: Record<string, unknown>): string {
  const read = (path: string): string => {
    const value = path
      .split('.')
      .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], event);
    if (value === undefined) return '\\N';
    return (typeof value === 'string' ? value : JSON.stringify(value))
      .replaceAll('\\', '\\\\')
      .replaceAll(/[\t\n]/g, ' ');
  };
  return `${columns.map(read).join('\t')}\n`;
}

const columns = [
  'id',
  'occurredAt',
  'actor.id',
  'actor.name',
  'actor.role',
  'action',
  'module',
  'targets.0.type',
  'targets.0.id',
  'subject.id',
  'outcome',
  'level',
  'client.ip',
  'client.userAgent',
  'sessionId',
  'correlationId',
  'description',
  'durationMs',
  'changes',
  'attributes',
];

/** Sends one buffer of rows by COPY. */
export function copyRows(client: pg.Client, table: string, rows: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(`copy ${table} from stdin`));
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.end(rows);
  });
}
