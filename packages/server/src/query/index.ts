export {
  allOf,
  anyOf,
  everything,
  keysOf,
  matches,
  needsText,
  timeBounds,
  type Condition,
} from './condition.ts';
export { conditionOf, filterParameters, type EntryFilters } from './conditions-of.ts';
export { evaluate } from './evaluate.ts';
export { filterField, filterFields } from './filter-fields.ts';
export { withHiddenSessions } from './hidden-sessions.ts';
export {
  countBetween,
  countCommon,
  countOf,
  emptySet,
  has,
  intersect,
  listSet,
  pick,
  ranksOf,
  subtract,
  unite,
  type RankSet,
} from './rank-set.ts';
export { ownPathsMax, ownPathsOf } from './own-paths.ts';
export { rankOfPlace, rankOfTime, type FieldValue, type Ranks, type Span } from './span.ts';
export { fieldBounds, fieldName, keyOf, personalField, personalKey, termsOf, valueOfKey } from './terms.ts';
export { momentsOf, offsetAt, rangeOf, startOfDay } from './time-range.ts';
