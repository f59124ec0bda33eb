import type { Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { intersect, ranksOf } from '../query/index.ts';
import type { EntryFilters } from '../query/index.ts';
import { exactHits } from './exact-hits.ts';
import { filterField } from '../query/index.ts';
import { bucketStarts, type Interval } from './histogram.ts';
import { grantedCondition } from './granted-condition.ts';
import { readLedgers, type ReadContext } from './reader.ts';

const countWithinMs = 2_000;

export interface DistinctInput extends EntryFilters {
  ledger?: string | undefined;
  interval: Interval;
  /** Such as actor. */
  distinct: string;
}

/**
 * How many different values of a field there are per hour or day of the organisation's zone. @throws invalid_parameter,
 * invalid_query
 */
export async function distinctValues(
  grant: Grant,
  input: DistinctInput,
  context: ReadContext,
): Promise<{ buckets: { from: string; distinct: number }[]; exact: boolean }> {
  const field = filterField(input.distinct)?.scanned;
  if (field === undefined)
    throw new AuditError('invalid_parameter', {
      parameter: 'distinct',
      detail: `${input.distinct} cannot be counted by different values: actor, subject … can`,
    });
  const condition = grantedCondition(grant, input, context);
  const startOf = bucketStarts(input.interval, context.zone);
  const until = performance.now() + countWithinMs;
  return readLedgers(grant, input.ledger, context, async (client, opened) => {
    // A value that occurs in several spans counts once.
    const valuesByStart = new Map<number, Set<string>>();
    let allExact = true;
    for await (const { hits, exact } of exactHits(client, opened, { condition, context, until })) {
      allExact &&= exact;
      for (const { span, set } of hits) {
        const present = await span.counts(field, set);
        if (present.size === 0) continue;
        const { ats } = await span.ranks();
        for (const { value, set: entriesOf } of await span.scan(field, (candidate) =>
          present.has(candidate),
        )) {
          for (const rank of ranksOf(intersect(set, entriesOf()))) {
            const start = startOf(ats[rank] ?? 0);
            const values = valuesByStart.get(start);
            if (values) values.add(value);
            else valuesByStart.set(start, new Set([value]));
          }
        }
      }
    }
    const buckets = [...valuesByStart].sort(([a], [b]) => a - b);
    return {
      buckets: buckets.map(([start, values]) => ({
        from: new Date(start).toISOString(),
        distinct: values.size,
      })),
      exact: allExact,
    };
  });
}
