import type { BenchDatabase } from './database.ts';
import type { Events } from './events.ts';
import { type Layout } from './layout.ts';
import { sqlSearch } from './sql-search.ts';
import { addressOf, attributesOf, descriptionOf, idOf, isoTime, noise, personalOf, texts } from './texts.ts';

const columns =
  'ledger int not null, segment int not null, index bigint not null, at timestamptz not null, ingested_at timestamptz not null, id uuid not null, ' +
  'actor text not null, action text not null, outcome text not null, level text not null, module text not null, operation text not null, ' +
  'target text not null, subject text not null, correlation text not null, session text not null, ip text, description text, payload json, leaf_hash bytea not null';

/** Creates the partitioned table of candidate (a). */
export async function createWide(database: BenchDatabase): Promise<void> {
  await database.run(`create table wide (${columns}) partition by list (segment)`);
}

/** Creates the partition of one segment with the keys that it has from the start. */
export async function openWideSegment(database: BenchDatabase, segment: number): Promise<string> {
  const table = `wide_${segment}`;
  await database.run(
    `create table ${table} partition of wide for values in (${segment}); ` +
      `alter table ${table} add primary key (ledger, id), add unique (ledger, index)`,
  );
  return table;
}

/** Returns one row in the text format of COPY. */
export function wideRow(events: Events, segment: number, index: number): string {
  const { person, freeText } = personalOf(events, index);
  const at = (column: Int32Array): number => column[index] ?? 0;
  return [
    '1',
    segment,
    index,
    isoTime(events.at[index] ?? 0),
    isoTime(events.ingestedAt[index] ?? 0),
    idOf(events, index),
    texts.actor(at(events.actor)),
    texts.action(at(events.action)),
    texts.outcome(at(events.outcome)),
    texts.level(at(events.level)),
    texts.module(at(events.module)),
    texts.operation(at(events.operation)),
    texts.target(at(events.target)),
    texts.subject(at(events.subject)),
    texts.correlation(at(events.correlation)),
    texts.session(at(events.session)),
    addressOf(at(events.actor)),
    descriptionOf(events, index),
    `{"attributes":${attributesOf(events, index)},"person":${person},"text":${freeText}}`,
    `\\\\x${noise(index, 21, 32).toString('hex')}\n`,
  ].join('\t');
}

/** Returns the searches of candidate (a). */
export function wideLayout(database: BenchDatabase): Layout {
  return sqlSearch(database, {
    name: 'a wide row',
    table: 'wide',
    selected: 'id, ingested_at, actor, action, outcome, target, description, payload',
    value: (field, value) => texts[field](value),
    read: async () => undefined,
  });
}
