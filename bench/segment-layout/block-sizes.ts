import type { BenchDatabase } from './database.ts';
import { renderRows } from './database.ts';
import type { Events } from './events.ts';
import { measure, print, printSizes } from './measure.ts';
import { readZstdEntries, zstdBlockRow } from './narrow-rows.ts';
import { seeded } from './seeded.ts';
import { createTextBlocks, textBlockRow } from './slim-rows.ts';

/** Compares block sizes and compressions on the first 2^18 entries: bytes, COPY, reading 50 scattered entries. */
export async function measureBlockSizes(database: BenchDatabase, events: Events): Promise<void> {
  const count = Math.min(events.count, 262_144);
  const random = seeded(9);
  const pages = Array.from({ length: 40 }, () => Array.from({ length: 50 }, () => random.below(count)));
  for (const blockSize of [1, 16, 32, 64, 256]) {
    const table = `text_block_${blockSize}x`;
    await createTextBlocks(database, table);
    const chunks = renderRows(0, Math.ceil(count / blockSize), (block) =>
      textBlockRow(events, block, blockSize),
    );
    const seconds = await database.copy(table, chunks);
    print(`TEXT pglz, blocks of ${blockSize}: COPY`, `${Math.round(count / seconds)} entries/s`);
    await database.run(`vacuum (analyze) ${table}`);
    await printSizes(database, table, count);
    const sql =
      `select i.index, split_part(b.entries, e'\\n', (i.index % ${blockSize})::int + 1) from unnest($1::bigint[]) i(index) ` +
      `join ${table} b on b.ledger = 1 and b.block = i.index / ${blockSize}`;
    await measure(`TEXT pglz, blocks of ${blockSize}: 50 scattered entries`, pages, (page) =>
      database.rows(`${table}.read`, sql, [page]),
    );
  }
  for (const blockSize of [16, 32, 64, 256]) {
    const table = `zstd_block_${blockSize}x`;
    await database.run(
      `create table ${table} (block bigint not null, ledger int not null, entries bytea storage external not null, primary key (ledger, block))`,
    );
    const began = performance.now();
    const chunks = renderRows(0, Math.ceil(count / blockSize), (block) =>
      zstdBlockRow(events, block, blockSize),
    );
    const renderSeconds = (performance.now() - began) / 1000;
    const seconds = await database.copy(table, chunks);
    print(
      `zstd, blocks of ${blockSize}: COPY (rendered in Node apart)`,
      `${Math.round(count / seconds)} entries/s (${Math.round(count / renderSeconds)})`,
    );
    await database.run(`vacuum (analyze) ${table}`);
    await printSizes(database, table, count);
    await measure(`zstd, blocks of ${blockSize}: 50 scattered entries`, pages, (page) =>
      readZstdEntries(database, { table, blockSize }, page),
    );
  }
}
