/** Waits this long, or until the signal is aborted. With `ref: false` the wait does not keep the process alive. Never rejects. */
export function pause(
  ms: number,
  signal: AbortSignal,
  { ref = true }: { readonly ref?: boolean } = {},
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (!ref) timer.unref();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
