import { withoutAudit } from '../context/audit-context.ts';
import { createHttpClient } from '../send/http-client.ts';
import { parseRetryAfter } from '../send/retry-gate.ts';
import { readClosedPage, type ClosedPage } from './closed-session.ts';
import type { WatchSessionsSettings } from './watch-sessions-options.ts';

/** Asks the server which sessions were closed. */
export interface ClosedSessionReader {
  /** The closings after `since`; undefined: from the first one on. Rejects with `ServerRefusal`, or as the connection does. */
  read(since: string | undefined): Promise<ClosedPage>;
  close(): void;
}

/** A page with this many sessions is full, so there may be more. */
export const pageSessionsMax = 100;
const noBody = Buffer.alloc(0);

/** The server does not answer the question at the moment. */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal';
  /** How long the server asks to wait. */
  readonly waitMs: number | undefined;

  constructor(message: string, waitMs?: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

export function createClosedSessionReader(
  { url, key, requestTimeoutMs }: Pick<WatchSessionsSettings, 'url' | 'key' | 'requestTimeoutMs'>,
  signal: AbortSignal,
): ClosedSessionReader {
  const client = createHttpClient(requestTimeoutMs);
  const headers = { authorization: `Bearer ${key}` };
  return {
    async read(since) {
      const from = since === undefined ? '' : `&since=${encodeURIComponent(since)}`;
      const address = `${url}/v1/sessions/closed?limit=${pageSessionsMax}${from}`;
      const { status, retryAfter, body } = await withoutAudit(() =>
        client.request(address, { method: 'GET', headers, body: noBody, signal }),
      );
      if (status === 200) return readClosedPage(body);
      throw new ServerRefusal(`the server answered ${status}`, parseRetryAfter(retryAfter, Date.now()));
    },
    close: client.close,
  };
}
