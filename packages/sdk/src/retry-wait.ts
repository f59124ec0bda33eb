const waitFirstMs = 500;

/** Milliseconds to wait after failure number `failures` (from 1): full jitter, doubling up to `waitMaxMs`. */
export function retryWaitMs(failures: number, waitMaxMs: number, random: () => number = Math.random): number {
  return random() * Math.min(waitMaxMs, waitFirstMs * 2 ** Math.min(failures - 1, 30));
}

/** `Retry-After` (RFC 9110: seconds or a date) in milliseconds; undefined when absent or malformed. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
