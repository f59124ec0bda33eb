export { beginAtEnd } from './begin-at-end.ts';
export { catchUp } from './catch-up.ts';
export { follow, rebuild, releaseLeases } from './follow.ts';
export * from './postings/index.ts';
export type { Projection } from './projection.ts';
export * from './rollups/index.ts';
export * from './recent/index.ts';
export * from './sessions/index.ts';
