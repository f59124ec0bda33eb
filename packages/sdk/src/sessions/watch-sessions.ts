import { withoutAudit } from '../context/audit-context.ts';
import { createHttpClient } from '../send/http-client.ts';
import { parseRetryAfter, retryWaitMs } from '../send/retry-gate.ts';
import { createNotifier } from '../host/create-notifier.ts';
import { readClosedPage, type ClosedPage, type ClosedSession } from './closed-session.ts';
import { watchSessionsSettings, type WatchSessionsOptions } from './watch-sessions-options.ts';
import { pause } from '../host/pause.ts';

/** Tells a host which sessions were closed, so that it ends them. */
export interface SessionWatch {
  /** Asks no more; resolves when a running `onClosed` has ended. What it was not called for is told by the next watch. */
  close(): Promise<void>;
}

const pageSessionsMax = 100;
const nothing = Buffer.alloc(0);

/** The server does not take questions at the moment, or not for so long. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly waitMs: number | undefined;
  constructor(message: string, waitMs?: number) {
    super(message);
    this.waitMs = waitMs;
  }
}

/**
 * Asks the server which sessions were closed and calls `onClosed` for each, one after another in the order in which they
 * were closed, at least once: again when it fails, and when the process ended before the position was kept. Throws TypeError
 * for options that cannot work, and nothing afterwards; keeps no process alive.
 */
export function watchSessions(options: WatchSessionsOptions): SessionWatch {
  const settings = watchSessionsSettings(options);
  const { url, key, cursor, onClosed, attemptsMax, retryWaitMaxMs, everyMs } = settings;
  const client = createHttpClient(settings.requestTimeoutMs);
  const tell = createNotifier(settings.onError);
  const closing = new AbortController();
  const { signal } = closing;
  let at: string | undefined;

  async function ask(since: string | undefined): Promise<ClosedPage> {
    const query = `limit=${pageSessionsMax}${since === undefined ? '' : `&since=${encodeURIComponent(since)}`}`;
    const headers = { authorization: `Bearer ${key}` };
    const { status, retryAfter, body } = await withoutAudit(() =>
      client.request(`${url}/v1/sessions/closed?${query}`, { method: 'GET', headers, body: nothing, signal }),
    );
    if (status !== 200)
      throw new Refused(`the server answered ${status}`, parseRetryAfter(retryAfter, Date.now()));
    return readClosedPage(body);
  }

  /** Whether the page was full, so that there is more. */
  async function once(): Promise<boolean> {
    at ??= cursor === undefined ? (await ask('now')).next : await cursor.read();
    const { sessions, next } = await ask(at);
    for (const session of sessions) {
      await end(session);
      if (signal.aborted) return false;
    }
    if (sessions.length > 0) await cursor?.write(next);
    at = next;
    return sessions.length === pageSessionsMax;
  }

  async function end(session: ClosedSession): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await onClosed(session);
        return;
      } catch (cause) {
        const last = attempt >= attemptsMax;
        tell(
          new Error(`onClosed failed for ${session.id}${last ? `, ${attempt} times: it was given up` : ''}`, {
            cause,
          }),
        );
        if (last) return;
        await pause(retryWaitMs(attempt, retryWaitMaxMs), signal, { ref: false });
      }
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const more = await once();
        failures = 0;
        if (!more) await pause(everyMs, signal, { ref: false });
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        tell(error instanceof Error ? error : new Error(String(error)));
        const asked = error instanceof Refused ? (error.waitMs ?? 0) : 0;
        await pause(Math.min(asked, retryWaitMaxMs) + retryWaitMs(failures, retryWaitMaxMs), signal, {
          ref: false,
        });
      }
    }
  }

  const running = run();
  return Object.freeze({
    async close() {
      closing.abort();
      await running;
      client.close();
    },
  });
}
