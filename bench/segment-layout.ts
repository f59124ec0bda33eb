/**
 * Measures the three layouts of a segment that docs/decisions/0001-segment-layout.md compares.
 *
 *     node --conditions=bitacora:source bench/segment-layout.ts [--rows 1000000] [--directory DIR] [--port 54990]
 *         [--part all|copies|counts]
 *
 * `counts` builds only the postings, so it can measure many more entries.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureBlockSizes } from './segment-layout/block-sizes.ts';
import { measureChunkSize, measureCounts } from './segment-layout/chunk-sizes.ts';
import { measureCopies } from './segment-layout/copies.ts';
import { type BenchDatabase, renderRows, startDatabase } from './segment-layout/database.ts';
import { type Events, makeEvents } from './segment-layout/events.ts';
import { measureSearches, median, print, printCopy, printSizes } from './segment-layout/measure.ts';
import {
  createNarrow,
  narrowLayout,
  narrowRow,
  openNarrowSegment,
  segmentsOf,
  zstdBlockRow,
  zstdBlockSize,
} from './segment-layout/narrow-rows.ts';
import { measurePersonal } from './segment-layout/personal-values.ts';
import { textBlockSize } from './segment-layout/posting-search.ts';
import { type Questions, drawQuestions } from './segment-layout/queries.ts';
import {
  createOpenEntries,
  createSlim,
  openSlimSegment,
  slimRow,
  textBlockRow,
} from './segment-layout/slim-rows.ts';
import { buildIndexes } from './segment-layout/sql-search.ts';
import { entryOf } from './segment-layout/texts.ts';
import { measureTrigrams } from './segment-layout/trigrams.ts';
import { createWide, openWideSegment, wideLayout, wideRow } from './segment-layout/wide-rows.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    directory: { type: 'string', default: join(tmpdir(), 'bitacora-segment-layout') },
    port: { type: 'string', default: '54990' },
    part: { type: 'string', default: 'all' },
  },
});
const rows = Number(values.rows);
print(
  'disk needed, about',
  `${Math.ceil((rows / 1_000_000) * 6)} GB in ${values.directory} (removed at the end)`,
);
print('time needed, about', `${Math.ceil((rows / 1_000_000) * 2 + 2)} minutes`);

const database = await startDatabase(values.directory, Number(values.port));
try {
  print('TOAST lz4', await lz4Support(database));
  const events = makeEvents(rows);
  const questions = drawQuestions(events);
  if (values.part === 'all' || values.part === 'copies') await measureCopies(database, events);
  if (values.part === 'all') await measureAll(database, events, questions);
  if (values.part === 'counts') await measureCounts(database, events, questions);
} finally {
  await database.stop();
}

async function measureAll(database: BenchDatabase, events: Events, questions: Questions): Promise<void> {
  await measureWide(database, events, questions);
  await measureNarrow(database, events, questions);
  await measureSlim(database, events, questions);
  await measureBlockSizes(database, events);
  await measurePersonal(database, events);
}

async function lz4Support(database: BenchDatabase): Promise<string> {
  return database.run('create table lz4_probe (x text compression lz4)').then(
    () => 'supported',
    (cause: unknown) => String(cause),
  );
}

async function measureWide(database: BenchDatabase, events: Events, questions: Questions): Promise<void> {
  await createWide(database);
  const copies: number[] = [];
  const builds: number[] = [];
  for (const { segment, from, to } of segmentsOf(rows)) {
    const table = await openWideSegment(database, segment);
    const chunks = renderRows(from, to, (i) => wideRow(events, segment, i));
    copies.push(await database.copy(table, chunks));
    builds.push(await buildIndexes(database, table));
  }
  printCopy('a wide row: keys live', Math.min(rows, 1_000_000), copies);
  print('a wide row: 6 B-trees of a segment built', `${median(builds).toFixed(2)} s`);
  await printSizes(database, 'wide', rows);
  await database.restart();
  await measureSearches(events, wideLayout(database), questions);
  await measureTrigrams(database, events);
  await database.run('drop table wide');
}

async function measureNarrow(database: BenchDatabase, events: Events, questions: Questions): Promise<void> {
  await createNarrow(database);
  const copies: number[] = [];
  const blockCopies: number[] = [];
  const builds: number[] = [];
  for (const { segment, from, to } of segmentsOf(rows)) {
    const table = await openNarrowSegment(database, segment);
    copies.push(
      await database.copy(
        table,
        renderRows(from, to, (i) => narrowRow(events, segment, i)),
      ),
    );
    const blocks = renderRows(from / zstdBlockSize, Math.ceil(to / zstdBlockSize), (block) =>
      zstdBlockRow(events, block, zstdBlockSize),
    );
    blockCopies.push(await database.copy('narrow_block', blocks));
    builds.push(await buildIndexes(database, table));
  }
  await database.run('vacuum (analyze) narrow_block');
  printCopy('b narrow row: keys live', Math.min(rows, 1_000_000), copies);
  printCopy('b zstd blocks', Math.min(rows, 1_000_000), blockCopies);
  print('b narrow row: 6 B-trees of a segment built', `${median(builds).toFixed(2)} s`);
  await printSizes(database, 'narrow', rows);
  await printSizes(database, 'narrow_block', rows);
  await database.restart();
  await measureSearches(events, narrowLayout(database), questions);
  await database.run('drop table narrow, narrow_block');
}

async function measureSlim(database: BenchDatabase, events: Events, questions: Questions): Promise<void> {
  await createSlim(database);
  const copies: number[] = [];
  const blockCopies: number[] = [];
  for (const { segment, from, to } of segmentsOf(rows)) {
    const table = await openSlimSegment(database, segment);
    copies.push(
      await database.copy(
        table,
        renderRows(from, to, (i) => slimRow(events, segment, i)),
      ),
    );
    await database.run(`vacuum (analyze) ${table}`);
    const blocks = renderRows(from / textBlockSize, Math.ceil(to / textBlockSize), (block) =>
      textBlockRow(events, block, textBlockSize),
    );
    blockCopies.push(await database.copy('text_block', blocks));
  }
  await database.run('vacuum (analyze) text_block');
  printCopy('c slim row: keys live', Math.min(rows, 1_000_000), copies);
  printCopy('c TEXT blocks of 32 written at once', Math.min(rows, 1_000_000), blockCopies);
  await measureOpenForm(database, events);
  await printSizes(database, 'slim', rows);
  await printSizes(database, 'text_block', rows);
  for (const bits of [16, 20, 18]) await measureChunkSize(database, events, { bits, questions });
}

/** Another form for a segment that is open: one uncompressed row for each entry; SQL packs the rows into blocks at closing. */
async function measureOpenForm(database: BenchDatabase, events: Events): Promise<void> {
  const count = Math.min(rows, 1_000_000);
  await createOpenEntries(database);
  const chunks = renderRows(
    0,
    count,
    (i) => `${slimRow(events, 0, i).slice(0, -1)}\t${entryOf(events, i)}\n`,
  );
  printCopy('c open form: slim row with its entry as text', count, [
    await database.copy('open_entry', chunks),
  ]);
  await database.run(
    'create table packed (block bigint not null, ledger int not null, entries text not null, primary key (ledger, block))',
  );
  const began = performance.now();
  await database.run(
    `insert into packed select index / ${textBlockSize}, ledger, string_agg(entry, e'\\n' order by index) from open_entry group by 2, 1`,
  );
  print(
    'c open form: packed into TEXT blocks by SQL',
    `${((performance.now() - began) / 1000).toFixed(1)} s a segment`,
  );
  await database.run('drop table open_entry, packed');
}
