import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { BenchDatabase } from './database.ts';
import type { Events } from './events.ts';
import { type Layout, segmentSize } from './layout.ts';
import { sqlSearch } from './sql-search.ts';
import { entryOf, idOf, isoTime } from './texts.ts';

/** Entries of one zstd block of candidate (b). */
export const zstdBlockSize = 64;

const columns =
  'index bigint not null, at timestamptz not null, id uuid not null, ledger int not null, segment int not null, ' +
  'actor int not null, action int not null, outcome int not null, level int not null, module int not null, operation int not null, ' +
  'target bigint not null, correlation bigint not null, session bigint not null, subject bigint not null, ip bigint not null';

/** Creates the tables of candidate (b). */
export async function createNarrow(database: BenchDatabase): Promise<void> {
  await database.run(`create table narrow (${columns}) partition by list (segment)`);
  await database.run(
    'create table narrow_block (block bigint not null, ledger int not null, entries bytea storage external not null, primary key (ledger, block))',
  );
}

/** Creates the partition of one segment with the keys that it has from the start. */
export async function openNarrowSegment(database: BenchDatabase, segment: number): Promise<string> {
  const table = `narrow_${segment}`;
  await database.run(
    `create table ${table} partition of narrow for values in (${segment}); ` +
      `alter table ${table} add primary key (ledger, id), add unique (ledger, index)`,
  );
  return table;
}

/** Returns one row in the text format of COPY. The columns already hold the ids that dictionary and token lookups would give. */
export function narrowRow(events: Events, segment: number, index: number): string {
  const at = (column: Int32Array): number => column[index] ?? 0;
  return `${index}\t${isoTime(events.at[index] ?? 0)}\t${idOf(events, index)}\t1\t${segment}\t${at(events.actor)}\t${at(events.action)}\t${at(events.outcome)}\t${at(events.level)}\t${at(events.module)}\t${at(events.operation)}\t${at(events.target)}\t${at(events.correlation)}\t${at(events.session)}\t${at(events.subject)}\t${at(events.actor)}\n`;
}

/** Returns one row of `narrow_block`: the block's entries, a line each, compressed by zstd. */
export function zstdBlockRow(events: Events, block: number, blockSize: number): string {
  const lines: string[] = [];
  const end = Math.min(events.count, (block + 1) * blockSize);
  for (let i = block * blockSize; i < end; i++) lines.push(entryOf(events, i));
  return `${block}\t1\t\\\\x${zstdCompressSync(Buffer.from(lines.join('\n'))).toString('hex')}\n`;
}

/** Returns the searches of candidate (b): columns in SQL, then the blocks of the 50 entries. */
export function narrowLayout(database: BenchDatabase): Layout {
  return sqlSearch(database, {
    name: 'b narrow row',
    table: 'narrow',
    selected: 'at, id',
    value: (_, value) => value,
    read: async (rows) => {
      await readZstdEntries(
        database,
        { table: 'narrow_block', blockSize: zstdBlockSize },
        rows.map(([index]) => Number(index)),
      );
    },
  });
}

/** Reads and decompresses the blocks of the given entries; returns their lines in the order asked. */
export async function readZstdEntries(
  database: BenchDatabase,
  { table, blockSize }: { table: string; blockSize: number },
  indexes: readonly number[],
): Promise<string[]> {
  const blocks = [...new Set(indexes.map((index) => Math.floor(index / blockSize)))];
  const rows = await database.rows(
    `${table}.read`,
    `select block, entries from ${table} where ledger = 1 and block = any($1::bigint[])`,
    [blocks],
  );
  const lines = new Map<number, string[]>();
  for (const [block, entries] of rows) {
    if (Buffer.isBuffer(entries))
      lines.set(Number(block), zstdDecompressSync(entries).toString().split('\n'));
  }
  return indexes.map((index) => lines.get(Math.floor(index / blockSize))?.[index % blockSize] ?? '');
}

/** Returns the segments that hold `count` events. */
export function segmentsOf(count: number): { segment: number; from: number; to: number }[] {
  return Array.from({ length: Math.ceil(count / segmentSize) }, (_, segment) => ({
    segment,
    from: segment * segmentSize,
    to: Math.min(count, (segment + 1) * segmentSize),
  }));
}
