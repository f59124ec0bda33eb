/** An allowance for each key, which fills again with time. */
export interface TokenBuckets<Key> {
  /** Seconds to wait until the allowance covers `cost`; undefined when it does already. */
  wait(key: Key, cost: number): number | undefined;
  /** The same, and takes `cost` when the allowance covers it. */
  take(key: Key, cost: number): number | undefined;
  /**
   * Takes a cost that was used already, even when the allowance does not cover it; the debt is at most that of one minute.
   */
  charge(key: Key, cost: number): void;
}

const burstSeconds = 10;
const debtSecondsMax = 60;

/**
 * Allows `perSecond` on average, and the allowance of ten seconds at once. At most `keysMax` keys are remembered. When there
 * are more, the key that was used longest ago is forgotten: it has a full allowance again, and no other key loses any.
 */
export function createTokenBuckets<Key>(options: {
  perSecond: number;
  keysMax: number;
  clock: () => number;
}): TokenBuckets<Key> {
  const { perSecond, keysMax, clock } = options;
  const burst = perSecond * burstSeconds;
  const buckets = new Map<Key, { left: number; at: number }>();
  const leftOf = (key: Key): number => {
    const bucket = buckets.get(key);
    if (!bucket) return burst;
    return Math.min(burst, bucket.left + (Math.max(0, clock() - bucket.at) / 1_000) * perSecond);
  };
  const set = (key: Key, left: number): void => {
    buckets.delete(key);
    buckets.set(key, { left, at: clock() });
    if (buckets.size <= keysMax) return;
    for (const oldest of buckets.keys()) {
      buckets.delete(oldest);
      break;
    }
  };
  const wait = (key: Key, cost: number): number | undefined => {
    const missing = cost - leftOf(key);
    return missing > 0 ? Math.max(1, Math.ceil(missing / perSecond)) : undefined;
  };
  return {
    wait,
    take(key, cost) {
      const seconds = wait(key, cost);
      set(key, leftOf(key) - (seconds === undefined ? cost : 0));
      return seconds;
    },
    charge: (key, cost) => set(key, Math.max(leftOf(key) - cost, -perSecond * debtSecondsMax)),
  };
}
