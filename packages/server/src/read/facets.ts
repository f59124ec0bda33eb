import type { Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Ledgers } from '../ledger/index.ts';
import { countOf, type RankSet, type Span } from '../query/index.ts';
import { allTime, totalFields } from '../projections/index.ts';
import type { Client } from '../storage/index.ts';
import type { EntryFilters } from '../query/index.ts';
import { exactHits } from './exact-hits.ts';
import { filterField } from '../query/index.ts';
import { grantedCondition } from './granted-condition.ts';
import { readLedgers, type OpenLedger, type ReadContext } from './reader.ts';
import { rollupTail } from './rollup-tail.ts';

export interface FacetsInput extends EntryFilters {
  ledger?: string | undefined;
  names: readonly string[];
  /** Values per field, the most frequent first: 1 to 1,000, default 20. */
  limit?: number | undefined;
}

export interface FacetsAnswer {
  facets: Record<string, { value: string; count: number }[]>;
  exact: boolean;
}

export const facetLimits = { fieldsMax: 20, valuesDefault: 20, valuesMax: 1_000 };
const countWithinMs = 2_000;

/** How often each value of a field occurs among the entries that match. @throws invalid_parameter, invalid_query */
export async function facets(grant: Grant, input: FacetsInput, context: ReadContext): Promise<FacetsAnswer> {
  const fields = input.names.map((name) => ({ name, field: facetField(name) }));
  const condition = grantedCondition(grant, input, context);
  const limit = input.limit ?? facetLimits.valuesDefault;
  const until = performance.now() + countWithinMs;
  return readLedgers(grant, input.ledger, context, async (client, opened) => {
    const answer: FacetsAnswer = { facets: {}, exact: true };
    const scanned: typeof fields = [];
    for (const wanted of fields) {
      const totals =
        condition.kind === 'all'
          ? await totalsOf(client, opened, { field: wanted.field, ledgers: context.ledgers })
          : undefined;
      if (totals) answer.facets[wanted.name] = top(totals, limit);
      else scanned.push(wanted);
    }
    if (scanned.length === 0) return answer;
    const counts = new Map(scanned.map(({ name }) => [name, new Map<string, number>()]));
    for await (const { hits, exact } of exactHits(client, opened, { condition, context, until })) {
      answer.exact &&= exact;
      for (const { span, set } of hits) {
        if (countOf(set) === 0) continue;
        if (performance.now() > until) answer.exact = false;
        if (!answer.exact) break;
        for (const { name, field } of scanned)
          await addSpan(counts.get(name) ?? new Map(), { span, set, field });
      }
    }
    for (const [name, countsOfField] of counts) answer.facets[name] = top(countsOfField, limit);
    return answer;
  });
}

function facetField(name: string): string {
  const field = filterField(name)?.scanned;
  if (field !== undefined) return field;
  throw new AuditError('invalid_parameter', {
    parameter: 'fields',
    detail: `${name} has no facet: name one of actor, action, operation, outcome, level, module, target, subject, attributes.…, changes.path`,
  });
}

async function addSpan(
  counts: Map<string, number>,
  options: { span: Span; set: RankSet; field: string },
): Promise<void> {
  for (const [value, count] of await options.span.counts(options.field, options.set)) {
    counts.set(value, (counts.get(value) ?? 0) + count);
  }
}

/**
 * The rollup keeps totals of some fields over all entries, so it answers a question without any filter. Entries that the
 * rollup does not include yet are counted one by one. Undefined when the rollup cannot answer.
 */
async function totalsOf(
  client: Client,
  opened: readonly OpenLedger[],
  { field, ledgers }: { field: string; ledgers: Ledgers },
): Promise<Map<string, number> | undefined> {
  const total = totalFields.find((candidate) => candidate === field);
  if (total === undefined) return undefined;
  const tail = await rollupTail(client, opened, ledgers);
  if (!tail) return undefined;
  const totals = await client.query<{ value: string; count: number }>({
    name: 'rollup-totals',
    text: `select value, sum(count)::bigint as count from rollup
     where ledger = any($1::integer[]) and field = $2 and bucket = $3::timestamptz group by value`,
    values: [opened.map(({ ledger }) => ledger.id), total, allTime],
  });
  const counts = new Map(totals.rows.map((row) => [row.value, row.count]));
  for (const count of tail) {
    if (count.field === total && count.bucket === allTime)
      counts.set(count.value, (counts.get(count.value) ?? 0) + count.count);
  }
  return counts;
}

function top(counts: ReadonlyMap<string, number>, limit: number): { value: string; count: number }[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, limit);
}
