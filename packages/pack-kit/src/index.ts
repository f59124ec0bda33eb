export * from './attribute-types.ts';
export { definePack } from './define-pack.ts';
export * from './labels.ts';
export * from './pack.ts';
export { PackError } from './pack-error.ts';
export * from './read.ts';
export { isRefused } from './refused.ts';
export * from './route.ts';
export { testPack } from './test-pack.ts';
