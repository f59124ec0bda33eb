/**
 * A complete subtree: level 0 is the leaves, a node of level L and index I has the leaves
 * `[I·2^L, (I+1)·2^L)`.
 */
export interface NodeCoordinate {
  readonly level: number;
  readonly index: number;
}

/**
 * The complete subtrees that together make the leaves `[start, end)`, left to right. `start` must be where a subtree of
 * that many leaves may begin (a multiple of the next power of two), so that their sizes fall from left to right.
 */
export function rangeNodes(start: number, end: number): NodeCoordinate[] {
  const nodes: NodeCoordinate[] = [];
  for (let at = start; at < end;) {
    let level = 0;
    let width = 1;
    while (width * 2 <= end - at) {
      level += 1;
      width *= 2;
    }
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}
