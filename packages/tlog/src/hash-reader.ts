import type { NodeCoordinate } from './node-coordinate.ts';

/**
 * Reads stored hashes of complete subtrees: the answer has one 32-byte hash per coordinate, in the order asked. All
 * coordinates of one proof come in one call, so that a reader can batch its fetches. It rejects when a hash is missing.
 */
export type HashReader = (
  nodes: readonly NodeCoordinate[],
) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
