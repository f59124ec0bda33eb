import { ClientError, type AppendAnswer, type Client } from '@bitacora/client';
import type { AuditEvent } from '@bitacora/event';
import { CliError } from '../cli-error.ts';

export interface SendOptions {
  readonly client: Client;
  readonly ledger: string | undefined;
  /** Called before each wait. */
  readonly onWait: (reason: string, waitMs: number) => void;
}

const waitFirstMs = 250;
const waitMaxMs = 30_000;

/**
 * Sends batches of an import, in order. It tries again without end (full jitter, `Retry-After`) while the server cannot
 * accept them. A server that has never answered is a `CliError` at once, so that a wrong URL does not hang.
 */
export function createBatchSender(
  options: SendOptions,
): (events: readonly AuditEvent[]) => Promise<AppendAnswer['results']> {
  let answered = false;
  return async function send(events: readonly AuditEvent[]): Promise<AppendAnswer['results']> {
    for (let waitMs = waitFirstMs; ; waitMs = Math.min(waitMs * 2, waitMaxMs)) {
      try {
        const { ledger } = options;
        const answer = await options.client.events.append(events, {
          imported: true,
          ...(ledger === undefined ? {} : { ledger }),
        });
        if (answer.results.length !== events.length)
          throw new CliError('the server answered for other events');
        answered = true;
        return answer.results;
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        if (error.status === 413 && events.length > 1) {
          const half = Math.ceil(events.length / 2);
          return [...(await send(events.slice(0, half))), ...(await send(events.slice(half)))];
        }
        if (!isTemporary(error.status) || (error.status === 0 && !answered))
          throw new CliError(error.message);
        const pause = error.retryAfterMs ?? Math.random() * waitMs;
        options.onWait(error.message, pause);
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  };
}

function isTemporary(status: number): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}
