const waitFirstMs = 500;
/** After this many failures in a row, only one small request is sent at a time, until one is answered. */
const circuitOpensAfter = 3;
const retryAfterMaxMs = 86_400_000;

/** Decides when the next request may start. Times are by `performance.now()`, which no change of the clock moves. */
export interface RetryGate {
  /** Milliseconds until the next attempt may start; 0 while there is no failure. */
  waitMs(): number;
  /** Ends the random part of the wait, unless the server asked for the wait. */
  hurry(): void;
  started(): void;
  succeeded(): void;
  failed(retryAfterMs?: number): void;
  /** True after several failures in a row: then one small request at a time finds out whether the server is back. */
  isOpen(): boolean;
}

export interface RetryLimits {
  readonly retryWaitMinMs: number;
  readonly retryWaitMaxMs: number;
}

export function createRetryGate(limits: RetryLimits, random: () => number = Math.random): RetryGate {
  const minMs = Math.min(limits.retryWaitMinMs, limits.retryWaitMaxMs);
  let failures = 0;
  let startedAt = 0;
  // Before this time no attempt starts, not even after `hurry`.
  let floorAt = 0;
  let notBefore = 0;
  let isWaitRequested = false;
  return {
    waitMs: () => (failures === 0 ? 0 : Math.max(0, notBefore - performance.now())),
    hurry() {
      if (!isWaitRequested) notBefore = Math.min(notBefore, floorAt);
    },
    started() {
      startedAt = performance.now();
    },
    succeeded() {
      failures = 0;
    },
    failed(retryAfterMs) {
      failures += 1;
      isWaitRequested = retryAfterMs !== undefined;
      floorAt = startedAt + minMs;
      // The random part keeps clients whom the server asked to wait equally long from coming back at the same moment.
      notBefore =
        retryAfterMs === undefined
          ? floorAt + retryWaitMs(failures, limits.retryWaitMaxMs, random)
          : performance.now() +
            Math.min(retryAfterMs, retryAfterMaxMs) +
            retryWaitMs(1, limits.retryWaitMaxMs, random);
    },
    isOpen: () => failures >= circuitOpensAfter,
  };
}

/** Milliseconds to wait after failure number `failures` (from 1): full jitter, doubling up to `waitMaxMs`. */
export function retryWaitMs(failures: number, waitMaxMs: number, random: () => number = Math.random): number {
  return random() * Math.min(waitMaxMs, waitFirstMs * 2 ** Math.min(failures - 1, 30));
}

/** `Retry-After` (RFC 9110: seconds or a date) in milliseconds; undefined when absent or malformed. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
