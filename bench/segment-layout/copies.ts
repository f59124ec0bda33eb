import { type BenchDatabase, renderRows } from './database.ts';
import type { Events } from './events.ts';
import { printCopy } from './measure.ts';
import { createNarrow, narrowRow, openNarrowSegment, zstdBlockRow, zstdBlockSize } from './narrow-rows.ts';
import { textBlockSize } from './posting-search.ts';
import {
  createOpenEntries,
  createPersonal,
  createSlim,
  openSlimSegment,
  personalBlockRow,
  personalRow,
  slimRow,
  textBlockRow,
} from './slim-rows.ts';
import { entryOf } from './texts.ts';
import { createWide, openWideSegment, wideRow } from './wide-rows.ts';

const rounds = 3;
const rowsPerRound = 500_000;
const tables = 'wide, narrow, narrow_block, slim, text_block, open_entry, personal_block, personal_row';

/**
 * S1: copies the same events into each table in turn, three rounds, and prints the medians. The tables take turns, so that other
 * work of the machine slows all of them alike.
 */
export async function measureCopies(database: BenchDatabase, events: Events): Promise<void> {
  const count = Math.min(events.count, rowsPerRound);
  const wide = renderRows(0, count, (i) => wideRow(events, 0, i));
  const blocks = (size: number, row: (events: Events, block: number, size: number) => string): Buffer[] =>
    renderRows(0, Math.ceil(count / size), (block) => row(events, block, size));
  const steps: { what: string; into: string; chunks: Buffer[]; seconds: number[] }[] = [
    { what: 'a wide row, keys live', into: 'wide_0', chunks: wide, seconds: [] },
    {
      what: 'b narrow row, keys live',
      into: 'narrow_0',
      chunks: renderRows(0, count, (i) => narrowRow(events, 0, i)),
      seconds: [],
    },
    {
      what: 'b zstd blocks of 64',
      into: 'narrow_block',
      chunks: blocks(zstdBlockSize, zstdBlockRow),
      seconds: [],
    },
    {
      what: 'c slim row, keys live',
      into: 'slim_0',
      chunks: renderRows(0, count, (i) => slimRow(events, 0, i)),
      seconds: [],
    },
    {
      what: 'c TEXT blocks of 32',
      into: 'text_block',
      chunks: blocks(textBlockSize, textBlockRow),
      seconds: [],
    },
    {
      what: 'c open form: slim row with its entry as text',
      into: 'open_entry',
      chunks: renderRows(0, count, (i) => `${slimRow(events, 0, i).slice(0, -1)}\t${entryOf(events, i)}\n`),
      seconds: [],
    },
    {
      what: 'b, c personal values in blocks of 32',
      into: 'personal_block',
      chunks: blocks(textBlockSize, personalBlockRow),
      seconds: [],
    },
    {
      what: 'b, c personal values, a row per entry',
      into: 'personal_row',
      chunks: renderRows(0, count, (i) => personalRow(events, i)),
      seconds: [],
    },
  ];
  const reference: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await createTables(database);
    for (const step of steps) step.seconds.push(await database.copy(step.into, step.chunks));
    await database.run('truncate wide');
    for (const field of ['actor', 'action', 'target', 'correlation']) {
      await database.run(`create index on wide_0 (ledger, ${field}, at, index)`);
    }
    reference.push(await database.copy('wide_0', wide));
    await database.run(`drop table ${tables}`);
    await database.run('checkpoint');
  }
  printCopy('reference: wide row, keys and 4 B-trees live', count, reference);
  for (const { what, seconds } of steps) printCopy(what, count, seconds);
}

async function createTables(database: BenchDatabase): Promise<void> {
  await createWide(database);
  await openWideSegment(database, 0);
  await createNarrow(database);
  await openNarrowSegment(database, 0);
  await createSlim(database);
  await openSlimSegment(database, 0);
  await createOpenEntries(database);
  await createPersonal(database);
}
