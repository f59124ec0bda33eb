import type { Condition } from '../query/index.ts';
import { comparePlaces, later } from './recent-entry.ts';
import type { RecentSource } from './recent-source.ts';
import type { OpenRecent, Recent } from './recent.ts';
import type { KeyList } from './window.ts';

const keysMax = 16;

/**
 * The entries that have the values a condition asks for, by the longest index whose fields all have a value in the
 * condition; undefined when there is no such index.
 */
export function keyList(
  { window }: OpenRecent,
  condition: Condition,
  { recent, source }: { readonly recent: Recent; readonly source: RecentSource },
): KeyList | undefined {
  const parts = condition.kind === 'and' ? condition.parts : [condition];
  const termsOf = (field: string): readonly string[] | undefined => {
    const part = parts.find(
      (candidate) => candidate.kind === 'keys' && candidate.keys.every((term) => source.isOf(term, field)),
    );
    return part?.kind === 'keys' ? part.keys : undefined;
  };
  const longestFirst = [...recent.settings.indexes].sort((a, b) => b.length - a.length);
  for (const fields of longestFirst) {
    let combinations: string[][] | undefined = [[]];
    for (const field of fields) {
      const terms = termsOf(field);
      combinations = terms && combinations?.flatMap((prefix) => terms.map((term) => [...prefix, term]));
    }
    if (!combinations || combinations.length > keysMax) continue;
    return united(combinations.map((terms) => window.key(fields, terms)));
  }
  return undefined;
}

/** Several lists of one window as one list. */
function united(lists: readonly KeyList[]): KeyList {
  const filled = lists.filter(({ entries }) => entries.length > 0);
  const floor = lists.map((list) => list.floor).reduce(later, undefined);
  const [only] = filled;
  if (filled.length <= 1) return { entries: only?.entries ?? [], floor };
  const all = new Set(filled.flatMap(({ entries }) => entries));
  return { entries: [...all].sort(comparePlaces), floor };
}
