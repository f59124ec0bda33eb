import type { StartedRequest } from './create-request-audit.ts';
import type { Answer } from './incoming-request.ts';

/** An answer of `node:http` or `node:http2`. */
export interface NodeAnswer {
  readonly statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished?: boolean;
  on(event: 'close' | 'finish', listener: () => void): unknown;
}

/** Ends `started` when an answer of `node:http` is over, whole or not; `read` tells what the framework knows then. */
export function watchAnswer(
  response: NodeAnswer,
  started: StartedRequest,
  read: () => Omit<Answer, 'status' | 'aborted'>,
): void {
  let isFinished = false;
  const end = (): void => {
    started.finish(() => {
      // HTTP/2's answers only say that they were ended, and finish also when they are cut; those without a socket, as Fastify's
      // `inject` makes them, only say that they finished.
      const isWhole = response.writableEnded && (isFinished || (response.writableFinished ?? true));
      const status = response.headersSent || isWhole ? response.statusCode : undefined;
      return { status, aborted: !isWhole, ...read() };
    });
  };
  response.on('close', end);
  response.on('finish', () => {
    isFinished = true;
    // Without a server, as in a function that a cloud calls, no `close` follows; with one it comes first.
    process.nextTick(end);
  });
}
