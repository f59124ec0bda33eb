/**
 * Callers that come while a run is under way share the next run: `run` gets the items of all of them. When a run fails, it
 * fails for all its callers.
 */
export function createBatcher<T>(
  run: (items: readonly T[]) => Promise<void>,
): (items: readonly T[]) => Promise<void> {
  let waiting: T[] = [];
  let next: Promise<void> | undefined;
  let current: Promise<void> = Promise.resolve();
  return (items) => {
    waiting.push(...items);
    next ??= current
      .catch(() => undefined)
      .then(() => {
        const batch = waiting;
        waiting = [];
        next = undefined;
        current = run(batch);
        return current;
      });
    return next;
  };
}
