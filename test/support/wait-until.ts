import { setTimeout as sleep } from 'node:timers/promises';

/** How long a test waits for something that must come: it ends what hangs, and says nothing about speed. */
export const patienceMs = 60_000;

/** Asks again every 50 ms until the answer is something; milliseconds. @throws when nothing came in time */
export async function waitUntil<T>(
  what: string,
  ask: () => Promise<T | false | undefined>,
  withinMs = patienceMs,
): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const found = await ask();
    if (found !== false && found !== undefined) return found;
    if (Date.now() > until) throw new Error(`${what}: not within ${withinMs} ms`);
    await sleep(50);
  }
}
