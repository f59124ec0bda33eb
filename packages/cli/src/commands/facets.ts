import type { EventFilter } from '@bitacora/client';
import { Option, type Command } from 'commander';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';
import { eventFilterOf, withEventFilter } from '../event-filter-options.ts';
import { wholeNumber } from '../whole-number.ts';

type FacetOptions = ConnectionOptions &
  EventFilter & { readonly fields: string; readonly limit: number; readonly json?: true };
type HistogramOptions = ConnectionOptions &
  EventFilter & { readonly interval: 'hour' | 'day'; readonly by?: string; readonly json?: true };

/** `bitacora facets` and `bitacora histogram`: how many events there are, by value and by time. */
export function addFacets(program: Command): void {
  withEventFilter(withConnection(program.command('facets')))
    .description('count the events that match by the values of fields')
    .requiredOption('--fields <names>', 'such as action,actor,outcome,attributes.branch')
    .option('--limit <values>', 'the greatest number of values of a field', wholeNumber, 20)
    .option('--json', 'the answer as JSON')
    .action(facets);
  withEventFilter(withConnection(program.command('histogram')))
    .description('count the events that match by hour or day')
    .addOption(new Option('--interval <interval>').choices(['hour', 'day']).default('day'))
    .option('--by <field>', 'also by the values of a field, such as outcome')
    .option('--json', 'the answer as JSON')
    .action(histogram);
}

async function facets(query: string | undefined, options: FacetOptions): Promise<void> {
  const { limit, json } = options;
  const fields = options.fields.split(',').map((name) => name.trim());
  const answer = await connect(options).events.facets(fields, eventFilterOf(query, options), { limit });
  if (json === true) return printJson(answer);
  for (const [field, values] of Object.entries(answer.facets)) {
    process.stdout.write(`${field}\n`);
    for (const { value, count } of values) process.stdout.write(`${String(count).padStart(10)}  ${value}\n`);
  }
  printInexact(answer);
}

async function histogram(query: string | undefined, options: HistogramOptions): Promise<void> {
  const { interval, by, json } = options;
  const filter = eventFilterOf(query, options);
  const answer = await connect(options).events.histogram(interval, filter, by === undefined ? {} : { by });
  if (json === true) return printJson(answer);
  for (const { from, count, by: counts = {} } of answer.buckets) {
    const parts = Object.entries(counts).map(([value, part]) => `${value} ${part}`);
    process.stdout.write(`${from}${String(count).padStart(10)}  ${parts.join(', ')}`.trimEnd() + '\n');
  }
  printInexact(answer);
}

function printJson(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
}

function printInexact({ exact }: { readonly exact: boolean }): void {
  if (!exact) process.stderr.write('the counts are estimates: counting was stopped after two seconds\n');
}
