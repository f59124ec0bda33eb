import type { StartedRequest } from './started-request.ts';
import type { Answer } from './incoming-request.ts';

/** An answer of `node:http` or `node:http2`. */
export interface NodeAnswer {
  readonly statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished?: boolean;
  on(event: 'close' | 'finish', listener: () => void): unknown;
}

/** Finishes `started` when an answer of `node:http` has ended, complete or not. `read` returns what the framework then knows. */
export function watchAnswer(
  response: NodeAnswer,
  started: StartedRequest,
  read: () => Omit<Answer, 'status' | 'aborted'>,
): void {
  let isFinished = false;
  const end = (): void => {
    started.finish(() => {
      // An answer of HTTP/2 has no `writableFinished`, and finishes also when it is cut off. An answer without a socket, such as
      // that of Fastify's `inject`, only emits `finish`.
      const isWhole = response.writableEnded && (isFinished || (response.writableFinished ?? true));
      const status = response.headersSent || isWhole ? response.statusCode : undefined;
      return { status, aborted: !isWhole, ...read() };
    });
  };
  response.on('close', end);
  response.on('finish', () => {
    isFinished = true;
    // Without a server, as in a cloud function, no `close` follows; with a server, `close` comes before this tick.
    process.nextTick(end);
  });
}
