import type { Captured } from '@bitacora/event';

/** How a call ended. */
export type Ended<Result> =
  | { readonly outcome: 'success'; readonly result: Awaited<Result> | undefined; readonly error?: undefined }
  | { readonly outcome: 'failure'; readonly result?: undefined; readonly error: unknown };

/**
 * Calls `run` and tells `onEnd` once how it ended, after its promise where it returns one. Returns and throws exactly what
 * `run` does. A promise waits for what `onEnd` captures; nothing that goes wrong there reaches the caller.
 */
export function settle<Result>(run: () => Result, onEnd: (ended: Ended<Result>) => Captured): Result;
export function settle(run: () => unknown, onEnd: (ended: Ended<unknown>) => Captured): unknown {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    void told(onEnd, { outcome: 'failure', error });
    throw error;
  }
  if (!isThenable(result)) {
    void told(onEnd, { outcome: 'success', result });
    return result;
  }
  return Promise.resolve(result).then(
    async (value) => {
      await told(onEnd, { outcome: 'success', result: value });
      return value;
    },
    async (error: unknown) => {
      await told(onEnd, { outcome: 'failure', error });
      throw error;
    },
  );
}

async function told(onEnd: (ended: Ended<unknown>) => Captured, ended: Ended<unknown>): Promise<void> {
  try {
    await onEnd(ended);
  } catch {
    // The audit counts and tells what it could not capture (`health`, `onError`); the call itself is done.
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
