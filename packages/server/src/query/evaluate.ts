import { emptySet, fullSet, intersect, rangeSet, subtract, unite, type RankSet } from './rank-set.ts';
import { rankOfTime, type Span } from './span.ts';
import { needsText, type Condition } from './condition.ts';

/**
 * The ranks of a span's entries that match, given the sets of the condition's keys. A phrase matches here when all its
 * words occur, so the caller must still compare these entries with the text.
 */
export async function evaluate(
  condition: Condition,
  span: Span,
  sets: ReadonlyMap<string, RankSet>,
): Promise<RankSet> {
  const { count } = span;
  const setOf = (key: string): RankSet => sets.get(key) ?? emptySet(count);
  switch (condition.kind) {
    case 'all':
      return fullSet(count);
    case 'keys':
      return unite(condition.keys.map(setOf), count);
    case 'phrase':
      return condition.keys.map(setOf).reduce(intersect);
    case 'scan': {
      const values = await span.scan(condition.field, condition.test);
      return unite(
        values.map((value) => value.set()),
        count,
      );
    }
    case 'time':
      return timeSet(condition, span);
    case 'or': {
      const parts: RankSet[] = [];
      for (const part of condition.parts) parts.push(await evaluate(part, span, sets));
      return unite(parts, count);
    }
    case 'and':
      return evaluateAnd(condition.parts, span, sets);
    case 'not':
      // The words of a phrase may stand apart, so only the text shows whether an entry has the phrase.
      return needsText(condition.part)
        ? fullSet(count)
        : subtract(fullSet(count), await evaluate(condition.part, span, sets));
  }
}

async function evaluateAnd(
  parts: readonly Condition[],
  span: Span,
  sets: ReadonlyMap<string, RankSet>,
): Promise<RankSet> {
  const negated = parts.filter((part) => part.kind === 'not' && !needsText(part.part));
  const plain = parts.filter((part) => !negated.includes(part));
  let set = plain.length === 0 ? fullSet(span.count) : undefined;
  for (const part of plain) {
    const matching = await evaluate(part, span, sets);
    set = set ? intersect(set, matching) : matching;
  }
  for (const part of negated) {
    if (part.kind === 'not' && set) set = subtract(set, await evaluate(part.part, span, sets));
  }
  return set ?? emptySet(span.count);
}

async function timeSet(range: { from: number; to: number }, span: Span): Promise<RankSet> {
  if (range.from <= span.leastAt && span.greatestAt < range.to) return fullSet(span.count);
  if (range.to <= span.leastAt || range.from > span.greatestAt) return emptySet(span.count);
  const ranks = await span.ranks();
  return rangeSet(span.count, rankOfTime(ranks, range.from), rankOfTime(ranks, range.to));
}
