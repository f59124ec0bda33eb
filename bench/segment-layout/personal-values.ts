import { type BenchDatabase, renderRows } from './database.ts';
import type { Events } from './events.ts';
import { print, printCopy, printSizes } from './measure.ts';
import { textBlockSize } from './posting-search.ts';
import { createPersonal, personalBlockRow, personalBytes, personalRow } from './slim-rows.ts';

/**
 * Measures the table of personal values. They are encrypted, so they are random bytes. An entry's values are an array element
 * in a block of entries, or a row.
 */
export async function measurePersonal(database: BenchDatabase, events: Events): Promise<void> {
  const count = Math.min(events.count, 1_000_000);
  await createPersonal(database);
  const blocks = renderRows(0, count / textBlockSize, (block) =>
    personalBlockRow(events, block, textBlockSize),
  );
  printCopy('personal values in blocks of 32', count, [await database.copy('personal_block', blocks)]);
  const single = renderRows(0, count, (i) => personalRow(events, i));
  printCopy('personal values, a row per entry', count, [await database.copy('personal_row', single)]);
  await printSizes(database, 'personal_block', count);
  await printSizes(database, 'personal_row', count);
  let person = 0;
  let freeText = 0;
  for (let i = 0; i < 10_000; i++) {
    const bytes = personalBytes(events, i);
    person += bytes.person.length;
    freeText += bytes.freeText.length;
  }
  print(
    '  ciphertext of who and where from · of free text',
    `${person / 10_000} · ${freeText / 10_000} B/event`,
  );
}
