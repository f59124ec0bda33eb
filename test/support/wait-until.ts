import { setTimeout as sleep } from 'node:timers/promises';

/** How long a test waits for something. It ends tests that hang, and is no statement about speed. */
export const patienceMs = 60_000;

/** Asks every 50 ms until there is an answer; `withinMs` is in milliseconds. @throws Error when there is none in time */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | false | undefined>,
  withinMs = patienceMs,
): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== undefined) return answer;
    if (Date.now() > until) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(50);
  }
}
