import { deepStrictEqual } from 'node:assert/strict';
import type { BenchDatabase } from './database.ts';
import type { Events, Filter } from './events.ts';
import type { Layout } from './layout.ts';
import { type Questions, countOf, daysOf, facetsOf, newestOf } from './queries.ts';
import { texts } from './texts.ts';

/** Prints one figure. */
export function print(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(58)} ${value}\n`);
}

/** Asks every question once after a restart and then three more times, checks each answer, and prints p50 and p95. */
export async function measureSearches(events: Events, layout: Layout, questions: Questions): Promise<void> {
  const run = <T>(
    name: string,
    sets: readonly Filter[][],
    ask: (f: readonly Filter[]) => Promise<T>,
    expected: (f: readonly Filter[]) => T,
  ) => measure(`${layout.name}: ${name}`, sets, ask, expected);
  await run('S4 newest 50, one filter', questions.oneFilter, layout.newest, (f) => newestOf(events, f));
  await run('S4 newest 50, two filters', questions.twoFilters, layout.newest, (f) => newestOf(events, f));
  await run('S4 newest 50, zero results', questions.zeroResults, layout.newest, (f) => newestOf(events, f));
  await measureNumbers(events, layout, questions);
}

/** The same for counts, facets and histogram. */
export async function measureNumbers(events: Events, layout: Layout, questions: Questions): Promise<void> {
  const run = <T>(
    name: string,
    sets: readonly Filter[][],
    ask: (f: readonly Filter[]) => Promise<T>,
    expected: (f: readonly Filter[]) => T,
  ) => measure(`${layout.name}: ${name}`, sets, ask, expected);
  await run('S6 count, two filters', questions.counts, layout.count, (f) => countOf(events, f));
  const facets = async (f: readonly Filter[]): Promise<unknown> => sorted(named(await layout.facets(f)));
  await run('S6 facets of 3 fields, filtered', questions.numbers, facets, (f) => sorted(facetsOf(events, f)));
  const days = async (f: readonly Filter[]): Promise<unknown> => sorted(await layout.days(f));
  await run('S6 day histogram, filtered', questions.numbers, days, (f) => sorted(daysOf(events, f)));
}

/** Replaces the dictionary ids that candidate (b) answers by their texts. */
function named(counts: ReadonlyMap<string, number>): Map<string, number> {
  return new Map(
    [...counts].map(([key, count]) => {
      const [field = '', value = ''] = key.split(':');
      const id = Number(value);
      if (Number.isNaN(id)) return [key, count];
      const text =
        field === 'action' ? texts.action(id) : field === 'outcome' ? texts.outcome(id) : texts.module(id);
      return [`${field}:${text}`, count];
    }),
  );
}

function sorted(counts: ReadonlyMap<string | number, number>): [string, number][] {
  return [...counts]
    .map(([key, count]): [string, number] => [String(key), count])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Measures `ask` for every set of filters: one first pass, and then three passes with warm caches. */
export async function measure<T, Q>(
  name: string,
  sets: readonly Q[],
  ask: (set: Q) => Promise<T>,
  expected?: (set: Q) => T,
): Promise<void> {
  const first: number[] = [];
  const warm: number[] = [];
  for (let pass = 0; pass < 4; pass++) {
    for (const set of sets) {
      const began = performance.now();
      const answer = await ask(set);
      (pass === 0 ? first : warm).push(performance.now() - began);
      if (pass === 0 && expected !== undefined)
        deepStrictEqual(answer, expected(set), `${name}: ${JSON.stringify(set)}`);
    }
  }
  print(name, `first ${percentiles(first)} · warm ${percentiles(warm)} ms`);
}

function percentiles(times: readonly number[]): string {
  const ordered = times.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? 0).toFixed(2);
  return `${at(0.5)} / ${at(0.95)}`;
}

/** Prints the bytes per event of a table and its partitions: heap, TOAST, each index. */
export async function printSizes(database: BenchDatabase, table: string, events: number): Promise<void> {
  const rows = await database.rows(
    '',
    `with leaf as (select coalesce(t.relid, '${table}'::regclass) as relid from (select 1) one left join pg_partition_tree('${table}') t on isleaf)
     select 'heap', sum(pg_relation_size(relid)) from leaf
     union all select 'toast', sum(pg_total_relation_size(c.reltoastrelid)) from leaf join pg_class c on c.oid = relid where c.reltoastrelid <> 0
     union all select regexp_replace(x.relname, '_[0-9]+(_|$)', '_'), sum(pg_relation_size(i.indexrelid))
       from leaf join pg_index i on i.indrelid = relid join pg_class x on x.oid = i.indexrelid group by 1`,
    [],
  );
  const parts = rows.map(([name, bytes]) => ({ name: String(name), perEvent: Number(bytes) / events }));
  const total = parts.reduce((sum, { perEvent }) => sum + perEvent, 0);
  print(
    `S8 ${table}`,
    `${total.toFixed(1)} B/event: ${parts.map(({ name, perEvent }) => `${name} ${perEvent.toFixed(1)}`).join(', ')}`,
  );
}

/** Prints rows per second: the median of several COPYs of `count` rows. */
export function printCopy(what: string, count: number, seconds: readonly number[]): void {
  print(`S1 ${what}`, `${Math.round(count / median(seconds))} rows/s`);
}

/** Returns the median. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
