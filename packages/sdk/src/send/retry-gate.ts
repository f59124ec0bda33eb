const waitFirstMs = 500;
/** After so many failures in a row, requests go out one at a time and small until one is answered. */
const circuitOpensAfter = 3;
const retryAfterMaxMs = 86_400_000;

/** Decides when the next request may start. Times are of `performance.now()`, which no clock change touches. */
export interface RetryGate {
  /** Milliseconds until the next attempt may start; 0 while there is no failure. */
  waitMs(): number;
  /** Ends the random part of the wait, unless the server asked for it. */
  hurry(): void;
  started(): void;
  succeeded(): void;
  failed(retryAfterMs?: number): void;
  /** A single small request at a time looks whether the server is back. */
  isOpen(): boolean;
}

export interface RetryLimits {
  readonly retryWaitMinMs: number;
  readonly retryWaitMaxMs: number;
}

export function createRetryGate(limits: RetryLimits, random: () => number = Math.random): RetryGate {
  const minMs = Math.min(limits.retryWaitMinMs, limits.retryWaitMaxMs);
  let [failures, startedAt, floorAt, notBefore] = [0, 0, 0, 0];
  let asked = false;
  return {
    waitMs: () => (failures === 0 ? 0 : Math.max(0, notBefore - performance.now())),
    hurry() {
      if (!asked) notBefore = Math.min(notBefore, floorAt);
    },
    started() {
      startedAt = performance.now();
    },
    succeeded() {
      failures = 0;
    },
    failed(retryAfterMs) {
      failures += 1;
      asked = retryAfterMs !== undefined;
      floorAt = startedAt + minMs;
      // Those who were asked to wait equally long must not all come back in the same moment either.
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
