import { createFrontier } from './frontier.ts';
import { itemAt } from './item-at.ts';
import type { Sha256 } from './sha256.ts';
import { tileRoot } from './tile-root.ts';
import { tileWidthFull } from './tile.ts';

/** The tree recomputed from entries. It keeps one hash per 256 entries, and the leaf hashes of the last tile only. */
export interface RecomputedTree {
  append(leafHash: Uint8Array): void;
  size(): number;
  root(): Uint8Array;
  /** The leaf hashes of the tile that the last entry is in; valid until the next append. */
  lastLeaves(): { readonly index: number; readonly bytes: Uint8Array };
  /** The hash of a complete node of tile level 1 or above; undefined when not all of its entries were appended. */
  node(tileLevel: number, index: number): Uint8Array | undefined;
}

/** Continues after a purged prefix with the hashes `bundleRoots` of tile level 1; an empty array starts at index 0. */
export function createRecomputedTree(purged: readonly Uint8Array[], sha: Sha256): RecomputedTree {
  const bundleRoots = [...purged];
  const upper = createFrontier(undefined, sha);
  for (const root of bundleRoots) upper.append(root);
  const leaves = new Uint8Array(tileWidthFull * 32);
  let width = 0;

  function append(leafHash: Uint8Array): void {
    leaves.set(leafHash, width * 32);
    width += 1;
    if (width < tileWidthFull) return;
    const root = tileRoot(leaves, sha);
    bundleRoots.push(root);
    upper.append(root);
    width = 0;
  }

  function root(): Uint8Array {
    const { size, hashes } = upper.state();
    const whole = createFrontier({ size: size * tileWidthFull, hashes }, sha);
    for (let i = 0; i < width; i++) whole.append(leaves.slice(i * 32, i * 32 + 32));
    return whole.root();
  }

  function node(tileLevel: number, index: number): Uint8Array | undefined {
    const count = tileWidthFull ** (tileLevel - 1);
    if ((index + 1) * count > bundleRoots.length) return undefined;
    if (count === 1) return itemAt(bundleRoots, index);
    const row = new Uint8Array(count * 32);
    for (let i = 0; i < count; i++) row.set(itemAt(bundleRoots, index * count + i), i * 32);
    return tileRoot(row, sha);
  }

  return Object.freeze({
    append,
    root,
    node,
    size: () => bundleRoots.length * tileWidthFull + width,
    lastLeaves: () =>
      width === 0
        ? { index: bundleRoots.length - 1, bytes: leaves }
        : { index: bundleRoots.length, bytes: leaves.subarray(0, width * 32) },
  });
}
