import type { BenchDatabase } from './database.ts';
import type { Field, Filter } from './events.ts';
import { type Layout, facetFields, pageSize } from './layout.ts';

/** The differences between layouts that search columns: the table, the literals and how 50 entries are read. */
export interface Columns {
  readonly name: string;
  readonly table: string;
  /** The value of a column as the table holds it. */
  value(field: Field, value: number): string | number;
  /** The columns that a search selects in addition to the index. */
  readonly selected: string;
  /** Reads the entries of the matching rows, if the rows do not contain them. */
  read(rows: readonly unknown[][]): Promise<void>;
}

/** Returns the searches of a layout whose filters are columns with B-trees: plain SQL, prepared, generic plans. */
export function sqlSearch(database: BenchDatabase, columns: Columns): Layout {
  const where = (filters: readonly Filter[]): string =>
    ['ledger = 1', ...filters.map(({ field }, i) => `${field} = $${i + 1}`)].join(' and ');
  const ask = (verb: string, sql: string, filters: readonly Filter[]): Promise<unknown[][]> =>
    database.rows(
      `${columns.table}.${verb}.${filters.map(({ field }) => field).join('.')}`,
      sql,
      filters.map(({ field, value }) => columns.value(field, value)),
    );
  return {
    name: columns.name,
    newest: async (filters) => {
      const rows = await ask(
        'newest',
        `select index, ${columns.selected} from ${columns.table} where ${where(filters)} order by at desc, index desc limit ${pageSize}`,
        filters,
      );
      await columns.read(rows);
      return rows.map(([index]) => Number(index));
    },
    count: async (filters) => {
      const rows = await ask(
        'count',
        `select count(*) from ${columns.table} where ${where(filters)}`,
        filters,
      );
      return Number(rows[0]?.[0]);
    },
    facets: async (filters) => {
      const sets = facetFields.map((field) => `(${field})`).join(', ');
      const rows = await ask(
        'facets',
        `select ${facetFields.join(', ')}, count(*) from ${columns.table} where ${where(filters)} group by grouping sets (${sets})`,
        filters,
      );
      const counts = new Map<string, number>();
      for (const row of rows) {
        const set = facetFields.findIndex((_, i) => row[i] !== null);
        counts.set(`${facetFields[set] ?? ''}:${String(row[set])}`, Number(row[facetFields.length]));
      }
      return counts;
    },
    days: async (filters) => {
      const rows = await ask(
        'days',
        `select floor(extract(epoch from at) / 86400)::int, count(*) from ${columns.table} where ${where(filters)} group by 1`,
        filters,
      );
      return new Map(rows.map(([day, count]) => [Number(day), Number(count)]));
    },
  };
}

/** Columns that get a B-tree (ledger, column, at, index) when a segment closes. */
export const indexedFields: readonly Field[] = ['actor', 'action', 'target', 'correlation', 'session'];

/** Builds the B-trees of one closed segment; returns the seconds. */
export async function buildIndexes(database: BenchDatabase, table: string): Promise<number> {
  const began = performance.now();
  for (const field of indexedFields) {
    await database.run(`create index ${table}_${field} on ${table} (ledger, ${field}, at, index)`);
  }
  await database.run(`create index ${table}_at on ${table} (ledger, at, index)`);
  const seconds = (performance.now() - began) / 1000;
  await database.run(`vacuum (analyze) ${table}`);
  return seconds;
}
