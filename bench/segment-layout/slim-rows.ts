import type { BenchDatabase } from './database.ts';
import type { Events } from './events.ts';
import { entryOf, idOf, isoTime, noise, personalOf } from './texts.ts';

/** Creates the tables of candidate (c), without its postings. */
export async function createSlim(database: BenchDatabase): Promise<void> {
  await database.run(
    'create table slim (index bigint not null, at timestamptz not null, id uuid not null, ledger int not null, segment int not null) partition by list (segment)',
  );
  await createTextBlocks(database, 'text_block');
}

/** Creates a table of TEXT blocks; PostgreSQL compresses them (pglz, the only method of the embedded server). */
export async function createTextBlocks(database: BenchDatabase, table: string): Promise<void> {
  await database.run(
    `create table ${table} (block bigint not null, ledger int not null, entries text not null, primary key (ledger, block))`,
  );
}

/** Creates the partition of one segment with the keys that it has from the start. */
export async function openSlimSegment(database: BenchDatabase, segment: number): Promise<string> {
  const table = `slim_${segment}`;
  await database.run(
    `create table ${table} partition of slim for values in (${segment}); ` +
      `alter table ${table} add primary key (ledger, id), add unique (ledger, index)`,
  );
  return table;
}

/** Returns one row in the text format of COPY. */
export function slimRow(events: Events, segment: number, index: number): string {
  return `${index}\t${isoTime(events.at[index] ?? 0)}\t${idOf(events, index)}\t1\t${segment}\n`;
}

/** Returns one row of a TEXT block table: the block's entries, a line each. */
export function textBlockRow(events: Events, block: number, blockSize: number): string {
  const lines: string[] = [];
  const end = Math.min(events.count, (block + 1) * blockSize);
  for (let i = block * blockSize; i < end; i++) lines.push(entryOf(events, i));
  return `${block}\t1\t${lines.join('\\n')}\n`;
}

/** Returns the encrypted personal values of one entry: two groups, each as long as its text and a 16-byte tag. */
export function personalBytes(events: Events, index: number): { person: Buffer; freeText: Buffer } {
  const { person, freeText } = personalOf(events, index);
  return { person: noise(index, 31, person.length + 16), freeText: noise(index, 32, freeText.length + 16) };
}

/** Returns one row of the personal table: the ciphertexts of a block of entries, an array element each. */
export function personalBlockRow(events: Events, block: number, blockSize: number): string {
  const values: string[] = [];
  const end = Math.min(events.count, (block + 1) * blockSize);
  for (let i = block * blockSize; i < end; i++) {
    const { person, freeText } = personalBytes(events, i);
    values.push(`"\\\\\\\\x${person.toString('hex')}${freeText.toString('hex')}"`);
  }
  return `${block}\t1\t{${values.join(',')}}\n`;
}

/** Creates the table that holds the entries of an open segment, one uncompressed row for each entry. */
export async function createOpenEntries(database: BenchDatabase): Promise<void> {
  await database.run(
    'create table open_entry (index bigint not null, at timestamptz not null, id uuid not null, ledger int not null, segment int not null, entry text storage external not null, primary key (ledger, id), unique (ledger, index))',
  );
}

/** Creates both forms of the personal table. */
export async function createPersonal(database: BenchDatabase): Promise<void> {
  await database.run(
    'create table personal_block (block bigint not null, ledger int not null, vals bytea[] storage external not null, primary key (ledger, block)); ' +
      'create table personal_row (index bigint not null, ledger int not null, val bytea not null, primary key (ledger, index))',
  );
}

/** Returns one row of the personal table that has a row per entry. */
export function personalRow(events: Events, index: number): string {
  const { person, freeText } = personalBytes(events, index);
  return `${index}\t1\t\\\\x${person.toString('hex')}${freeText.toString('hex')}\n`;
}
