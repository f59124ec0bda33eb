export { filterParameters, type Filters } from './conditions-of.ts';
export { getEntry, related, type RelatedAnswer } from './entries.ts';
export { facetLimits, facets, type FacetsAnswer } from './facets.ts';
export { filterFields } from './filter-fields.ts';
export { histogram, type HistogramAnswer } from './histogram.ts';
export type { ReadContext } from './reader.ts';
export { pageLimits, search, type SearchAnswer } from './search.ts';
export { tail, type TailItem } from './tail.ts';
export { checkpoint, proof, tile, verifierKey } from './tree.ts';
