/** A clock that stays at one time until it is moved, in Unix milliseconds. */
export interface TestClock {
  now(): number;
  set(ms: number): void;
  advance(ms: number): void;
}

export function createTestClock(startMs: number): TestClock {
  let now = startMs;
  return Object.freeze({
    now: () => now,
    set(ms: number) {
      now = ms;
    },
    advance(ms: number) {
      now += ms;
    },
  });
}
