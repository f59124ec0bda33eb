/** Lets so many pieces of work run at once, in turn by whom they are for. */
export interface FairTurns<Key> {
  /** Runs `work` when it is the key's turn. Undefined where too many of the key wait already. */
  run<T>(key: Key, work: () => Promise<T>): Promise<T> | undefined;
}

/**
 * `atOnceMax` run at once, `perKeyMax` of them for one key; of each key up to `waitingMax` wait. A place that becomes free goes
 * to the next key in a circle, however many wait for the others: who asks seldom waits for one piece of each at most.
 */
export function createFairTurns<Key>(limits: {
  atOnceMax: number;
  perKeyMax: number;
  waitingMax: number;
}): FairTurns<Key> {
  const running = new Map<Key, number>();
  /** In the order of the circle: a key that had its turn goes to the end. */
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
      // Between two turns come the answers that others wait for: work that never waits would keep them out.
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
