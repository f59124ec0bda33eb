/**
 * Makes the function that passes values to a callback of the host. It calls the callback after the running code has
 * ended, and ignores what the callback throws or rejects with, so that the callback cannot break the sending.
 */
export function createNotifier<Value>(callback: (value: Value) => unknown): (value: Value) => void {
  return (value) =>
    queueMicrotask(() => {
      try {
        void Promise.resolve(callback(value)).catch(() => undefined);
      } catch {
        // An error of the callback cannot be reported to anybody.
      }
    });
}
