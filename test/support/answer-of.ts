import type { TestServer } from './test-server.ts';

/** The body that a question is answered with; an Error with the answer and the server's log for any other status than 200. */
export async function answerOf(
  server: TestServer,
  path: string,
  parameters: Record<string, string>,
): Promise<any> {
  const { status, body } = await server.json(`${path}?${new URLSearchParams(parameters)}`);
  if (status === 200) return body;
  throw new Error(`${status} for ${JSON.stringify(parameters)}: ${JSON.stringify(body)}\n${server.log()}`);
}
