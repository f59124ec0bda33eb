/**
 * Lets callers that come while a run is under way share the next one: `run` gets what all of them asked for.
 * A failed run fails all its callers.
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
