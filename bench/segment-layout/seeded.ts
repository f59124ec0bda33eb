/** A source of numbers that repeats: the same seed gives the same events on every machine. */
export interface Seeded {
  /** The next number in [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
}

/** Returns a seeded source (mulberry32). */
export function seeded(seed: number): Seeded {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { next, below: (bound) => Math.floor(next() * bound) };
}

/** Returns a well-mixed unsigned 32-bit number for a pair of numbers. */
export function mix(value: number, salt: number): number {
  let h = Math.imul(value ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(salt + 0x7f4a7c15, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Returns a drawing function over [0, weights.length) with the given weights (alias method, constant time). */
export function weighted(weights: readonly number[], random: Seeded): () => number {
  const n = weights.length;
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const share = Float64Array.from(weights, (weight) => (weight * n) / total);
  const alias = new Int32Array(n);
  const small: number[] = [];
  const large: number[] = [];
  share.forEach((value, i) => (value < 1 ? small : large).push(i));
  while (small.length > 0 && large.length > 0) {
    const lo = small.pop() ?? 0;
    const hi = large.pop() ?? 0;
    alias[lo] = hi;
    share[hi] = (share[hi] ?? 0) + (share[lo] ?? 0) - 1;
    ((share[hi] ?? 0) < 1 ? small : large).push(hi);
  }
  for (const i of [...small, ...large]) share[i] = 1;
  return () => {
    const i = random.below(n);
    return random.next() < (share[i] ?? 1) ? i : (alias[i] ?? i);
  };
}

/** Returns Zipf weights 1/rank^exponent for `count` values. */
export function zipf(count: number, exponent: number): number[] {
  return Array.from({ length: count }, (_, i) => 1 / (i + 1) ** exponent);
}
