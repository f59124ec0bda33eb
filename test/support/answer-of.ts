import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from './test-server.ts';

/** A question is asked at most this often until the answer says that it is exact. */
const attemptsMax = 20;
/** A server that is too busy answers 429 or 503. Then the question is asked again after a second, at most this often. */
const busyMax = 60;

/** The body of the answer to a question. Any status other than 200 throws an Error with the answer and the server's log. */
export async function answerOf(
  server: TestServer,
  path: string,
  parameters: Record<string, string>,
): Promise<any> {
  const { status, body } = await exactAnswer(() => server.json(`${path}?${new URLSearchParams(parameters)}`));
  if (status === 200) return body;
  throw new Error(`${status} for ${JSON.stringify(parameters)}: ${JSON.stringify(body)}\n${server.log()}`);
}

/**
 * Asks again while the answer says that it is not exact. On a busy machine the server may use up its two seconds of reading
 * by chance. The last answer may still be inexact.
 */
export async function exactAnswer<Answer extends { status: number; body: any }>(
  ask: () => Promise<Answer>,
): Promise<Answer> {
  let attempts = 0;
  let busy = 0;
  for (;;) {
    const answer = await ask();
    if (answer.status === 503 && ++busy < busyMax) await sleep(1_000);
    else if (answer.body?.exact !== false || ++attempts === attemptsMax) return answer;
  }
}
