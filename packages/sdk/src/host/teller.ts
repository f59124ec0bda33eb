/**
 * The host's callback, called after the running code and unable to break the sending: what it throws, or rejects with,
 * has nowhere to go.
 */
export function teller<Value>(callback: (value: Value) => unknown): (value: Value) => void {
  return (value) =>
    queueMicrotask(() => {
      try {
        void Promise.resolve(callback(value)).catch(() => undefined);
      } catch {
        // Nor has this.
      }
    });
}
