/** Allowances by key that fill again with time. */
export interface TokenBuckets<Key> {
  /** Seconds to wait until `cost` is there; undefined when it is. */
  wait(key: Key, cost: number): number | undefined;
  /** The same, and takes it where it is there. */
  take(key: Key, cost: number): number | undefined;
  /** Takes what was used already, whether it is there or not, down to a minute's worth of debt. */
  charge(key: Key, cost: number): void;
}

const burstSeconds = 10;
const debtSecondsMax = 60;

/**
 * `perSecond` on average, ten seconds' worth at once. At most `keysMax` keys are remembered: beyond, the one that was not
 * asked for longest is forgotten, which gives it a full allowance again and takes none from anybody.
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
