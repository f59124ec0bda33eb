import { ClientError } from './client-error.ts';
import type { Entry } from './entry.ts';
import type { EventFilter } from './event-filter.ts';
import { createEventStreamParser, type ServerSentEvent } from './server-sent-events.ts';
import type { Transport } from './transport.ts';

export interface TailOptions {
  /** The `cursor` of an entry received earlier; the tail goes on after it. */
  readonly after?: string;
  /** Ends the tail without an error. */
  readonly signal?: AbortSignal;
  /** Called after each broken connection, before the next attempt. */
  readonly onReconnect?: (error: unknown, waitMs: number) => void;
}

export interface TailedEntry {
  /** Opaque; a later call goes on after this entry when it gets the cursor as `after`. */
  readonly cursor: string | undefined;
  readonly entry: Entry;
}

const waitFirstMs = 500;
const waitMaxMs = 30_000;
/** The connection is dead when the server sends nothing for longer than this, not even a heartbeat. */
const silenceMaxMs = 60_000;

/**
 * Follows the ledger. After a broken connection it waits (full jitter, at most 30 s, `retry:` and `Retry-After` count) and
 * resumes with `Last-Event-ID`. Throws `ClientError` when the server refuses for good (4xx except 408, 425 and 429).
 */
export async function* tail(
  transport: Transport,
  filter: EventFilter,
  options: TailOptions,
): AsyncGenerator<TailedEntry, void> {
  const { signal, onReconnect } = options;
  const stopped = (): boolean => signal?.aborted === true;
  let after = options.after;
  let waitMs = waitFirstMs;
  while (!stopped()) {
    let retryMs: number | undefined;
    try {
      for await (const event of connect(transport, filter, { after, signal })) {
        waitMs = waitFirstMs;
        after = event.lastEventId ?? after;
        retryMs = event.retryMs;
        // The shape is promised by the server, as everywhere in this package.
        if (event.type === 'entry')
          yield { cursor: event.lastEventId, entry: JSON.parse(event.data) as Entry };
      }
      if (stopped()) return;
      throw new ClientError(0, 'the server ended the stream');
    } catch (error) {
      if (stopped()) return;
      if (isFinal(error)) throw error;
      retryMs ??= error instanceof ClientError ? error.retryAfterMs : undefined;
      const pause = retryMs ?? Math.random() * waitMs;
      onReconnect?.(error, pause);
      await sleep(pause, signal);
      waitMs = Math.min(waitMs * 2, waitMaxMs);
    }
  }
}

async function* connect(
  transport: Transport,
  filter: EventFilter,
  { after, signal }: { readonly after: string | undefined; readonly signal: AbortSignal | undefined },
): AsyncGenerator<ServerSentEvent, void> {
  const silence = new AbortController();
  const stop = (): void => silence.abort();
  signal?.addEventListener('abort', stop, { once: true });
  let timer = setTimeout(stop, silenceMaxMs);
  try {
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (after !== undefined) headers['last-event-id'] = after;
    const response = await transport.send('GET', '/v1/tail', {
      query: { ...filter },
      headers,
      signal: silence.signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const parse = createEventStreamParser();
    for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) {
      clearTimeout(timer);
      timer = setTimeout(stop, silenceMaxMs);
      yield* parse(chunk.value);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    silence.abort();
  }
}

function isFinal(error: unknown): boolean {
  if (!(error instanceof ClientError)) return error instanceof SyntaxError || error instanceof RangeError;
  return error.status >= 400 && error.status < 500 && ![408, 425, 429].includes(error.status);
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
}
