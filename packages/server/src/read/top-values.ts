import type { Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { EntryView } from '../ledger/index.ts';
import { countOf, personalField, personalKey, keyOf } from '../query/index.ts';
import { allOf, type Condition } from '../query/index.ts';
import type { EntryFilters } from '../query/index.ts';
import { exactHits } from './exact-hits.ts';
import { filterField } from '../query/index.ts';
import { grantedCondition } from './granted-condition.ts';
import { readLedgers, viewsAt, type ReadContext } from './reader.ts';
import { findPlaces } from './search.ts';

export interface TopInput extends EntryFilters {
  ledger?: string | undefined;
  field: string;
  /** 1 to 100; default 10. */
  limit?: number | undefined;
}

/**
 * The newest entry of each value stands for the value. A personal value is read from that entry, and is absent after an
 * erasure.
 */
export interface TopAnswer {
  values: { count: number; entry: EntryView }[];
  exact: boolean;
}

const topMax = 100;
const topDefault = 10;
const countWithinMs = 2_000;
/** Personal fields that have at most one value in each entry. */
const personalFields = ['ip', 'actor.email'];

/** The most frequent values of a field, the most frequent first. @throws invalid_parameter, invalid_query */
export async function topValues(grant: Grant, input: TopInput, context: ReadContext): Promise<TopAnswer> {
  const personal = personalFields.includes(input.field);
  const field = personal ? personalField(input.field) : filterField(input.field)?.scanned;
  if (field === undefined)
    throw new AuditError('invalid_parameter', {
      parameter: 'field',
      detail: `${input.field} cannot be counted by value`,
    });
  const condition = grantedCondition(grant, input, context);
  const { searchToken: token } = context.ledgers.tenantKeys(grant.tenant.id);
  const until = performance.now() + countWithinMs;
  return readLedgers(grant, input.ledger, context, async (client, opened) => {
    const counts = new Map<string, number>();
    let allExact = true;
    for await (const { hits, exact } of exactHits(client, opened, { condition, context, until })) {
      allExact &&= exact;
      for (const { span, set } of hits) {
        if (countOf(set) === 0) continue;
        for (const [value, count] of await span.counts(field, set))
          counts.set(value, (counts.get(value) ?? 0) + count);
      }
    }
    const ordered = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
    const answer: TopAnswer = { values: [], exact: allExact };
    for (const [value, count] of ordered.slice(0, Math.min(input.limit ?? topDefault, topMax))) {
      const key = personal ? personalKey(input.field, value) : keyOf(field, value, token);
      const newest: Condition = allOf([condition, { kind: 'keys', keys: [key] }]);
      const { places } = await findPlaces(client, opened, {
        condition: newest,
        order: 'desc',
        limit: 1,
        after: undefined,
        context,
      });
      const [entry] = await viewsAt(client, places, context);
      if (entry) answer.values.push({ count, entry });
    }
    return answer;
  });
}
