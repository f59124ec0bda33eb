/** Limits how many pieces of work run at once. The keys, such as tenants, take turns. */
export interface FairTurns<Key> {
  /** Runs `work` when it is the key's turn. Undefined when too much work of the key waits already. */
  run<T>(key: Key, work: () => Promise<T>): Promise<T> | undefined;
}

/**
 * `atOnceMax` pieces of work run at once, `perKeyMax` of them for one key; up to `waitingMax` of each key wait. A place that
 * becomes free goes to the next key in a circle, however much work the other keys have. So a key that asks seldom waits for
 * at most one piece of work of each other key.
 */
export function createFairTurns<Key>(limits: {
  atOnceMax: number;
  perKeyMax: number;
  waitingMax: number;
}): FairTurns<Key> {
  const running = new Map<Key, number>();
  /** Keys in the order of the circle: a key that had its turn goes to the end. */
  const waiting = new Map<Key, (() => void)[]>();
  let atOnce = 0;

  const mayRun = (key: Key): boolean =>
    atOnce < limits.atOnceMax && (running.get(key) ?? 0) < limits.perKeyMax;
  const begin = (key: Key): void => {
    atOnce += 1;
    running.set(key, (running.get(key) ?? 0) + 1);
  };
  const end = (key: Key): void => {
    atOnce -= 1;
    const left = (running.get(key) ?? 1) - 1;
    if (left > 0) running.set(key, left);
    else running.delete(key);
    for (const [next, queue] of waiting) {
      if (!mayRun(next)) continue;
      const start = queue.shift();
      waiting.delete(next);
      if (queue.length > 0) waiting.set(next, queue);
      begin(next);
      // The event loop handles other answers between two turns. Work that never waits would otherwise keep them back.
      if (start) setImmediate(start);
      return;
    }
  };
  const runNow = async <T>(key: Key, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } finally {
      end(key);
    }
  };
  return {
    run(key, work) {
      const queue = waiting.get(key);
      if (!queue && mayRun(key)) {
        begin(key);
        return runNow(key, work);
      }
      if (queue && queue.length >= limits.waitingMax) return undefined;
      const turn = new Promise<void>((resolve) => {
        if (queue) queue.push(resolve);
        else waiting.set(key, [resolve]);
      });
      return turn.then(() => runNow(key, work));
    },
  };
}
