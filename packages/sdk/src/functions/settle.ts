import type { Captured } from '@bitacora/event';

/** How a call ended. */
export type Ended<Result> =
  | { readonly outcome: 'success'; readonly result: Awaited<Result> | undefined; readonly error?: undefined }
  | { readonly outcome: 'failure'; readonly result?: undefined; readonly error: unknown };

/**
 * Calls `run`, and then `onEnd` once with the outcome. When `run` returns a promise, `onEnd` is called after it has settled.
 * Returns and throws exactly what `run` does. The promise waits for the capture of `onEnd`; an error of the capture does not
 * reach the caller.
 */
export function settle<Result>(run: () => Result, onEnd: (ended: Ended<Result>) => Captured): Result;
export function settle(run: () => unknown, onEnd: (ended: Ended<unknown>) => Captured): unknown {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    void callSafely(onEnd, { outcome: 'failure', error });
    throw error;
  }
  if (!isThenable(result)) {
    void callSafely(onEnd, { outcome: 'success', result });
    return result;
  }
  return Promise.resolve(result).then(
    async (value) => {
      await callSafely(onEnd, { outcome: 'success', result: value });
      return value;
    },
    async (error: unknown) => {
      await callSafely(onEnd, { outcome: 'failure', error });
      throw error;
    },
  );
}

async function callSafely(onEnd: (ended: Ended<unknown>) => Captured, ended: Ended<unknown>): Promise<void> {
  try {
    await onEnd(ended);
  } catch {
    // The audit counts and reports an event that it could not capture (`health`, `onError`); the call itself is complete.
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
