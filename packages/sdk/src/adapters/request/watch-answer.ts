import type { StartedRequest } from './create-request-audit.ts';
import type { Answer } from './incoming-request.ts';

/** An answer of `node:http` or `node:http2`. */
export interface NodeAnswer {
  readonly statusCode: number;
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly writableFinished?: boolean;
  on(event: 'close', listener: () => void): unknown;
}

/** Ends `started` when an answer of `node:http` is over, whole or not; `read` tells what the framework knows then. */
export function watchAnswer(
  response: NodeAnswer,
  started: StartedRequest,
  read: () => Omit<Answer, 'status' | 'aborted'>,
): void {
  response.on('close', () => {
    started.finish(() => {
      // HTTP/2's answers only say that they were ended.
      const isWhole = response.writableFinished ?? response.writableEnded;
      const status = response.headersSent || isWhole ? response.statusCode : undefined;
      return { status, aborted: !isWhole, ...read() };
    });
  });
}
