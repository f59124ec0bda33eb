import { Readable } from 'node:stream';
import type { JsonObject } from '@bitacora/event';
import type { EntryAnswer, PackLabels, ReadOf } from '@bitacora/pack-kit';
import { filtersOf as planFilters, type PlanContext } from './run-plan.ts';
import { search, shownEntry, type ListedEntry, type SearchAnswer } from '../read/index.ts';
import { eachInTurn } from '../loop-turns.ts';
import { csvLine } from './csv-line.ts';
import type { Call } from '../http/index.ts';

const entriesPerRead = 1_000;

interface Export {
  readonly file: ReadOf<'export'>;
  readonly row: (entry: EntryAnswer, labels: PackLabels) => JsonObject;
  readonly labels: PackLabels;
  readonly context: PlanContext;
}

/**
 * A file of every entry that matches, newest first. It is sent page by page while the entries are read, so it is never in
 * memory as a whole. Entries that are appended during the export are not in it.
 */
export async function streamExport(call: Call, options: Export): Promise<Readable> {
  const { reply } = call;
  const { file } = options;
  // The first page is read before the HTTP head is sent, so that a wrong filter is answered with 400.
  const first = await pageAfter(call, undefined, options);
  const rows = rowsFrom(call, first, options);
  void reply
    .type(file.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8')
    .header(
      'content-disposition',
      `attachment; filename="${file.name.replaceAll(/[^\w.-]/g, '_')}.${file.format}"`,
    )
    .header('cache-control', 'no-store');
  return Readable.from(file.format === 'csv' ? csvOf(rows) : jsonOf(rows));
}

function pageAfter(call: Call, cursor: string | undefined, { file, context }: Export): Promise<SearchAnswer> {
  return search(
    call.grant,
    { ...planFilters(file.filters, context), limit: entriesPerRead, cursor },
    context.read,
  );
}

async function* rowsFrom(call: Call, first: SearchAnswer, options: Export): AsyncGenerator<JsonObject> {
  let page = first;
  for (;;) {
    const rowOf = (entry: ListedEntry): JsonObject => options.row(shownEntry(entry), options.labels);
    const { entries } = page;
    yield* await call.inTurn(() => eachInTurn(entries, rowOf, options.context.read.turns));
    if (page.next === null) return;
    const grant = await call.grantNow();
    const { next } = page;
    page = await call.inTurn(() => pageAfter({ ...call, grant }, next, options));
  }
}

/** RFC 4180, with the byte order mark that spreadsheets need for letters beyond ASCII. */
async function* csvOf(rows: AsyncIterable<JsonObject>): AsyncGenerator<string> {
  let names: string[] | undefined;
  for await (const row of rows) {
    if (!names) {
      names = Object.keys(row);
      yield `\ufeff${csvLine(names)}`;
    }
    yield csvLine(names.map((name) => row[name] ?? null));
  }
  if (!names) yield '\ufeff';
}

async function* jsonOf(rows: AsyncIterable<JsonObject>): AsyncGenerator<string> {
  let before = '[\n';
  for await (const row of rows) {
    yield `${before}${JSON.stringify(row)}`;
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}
