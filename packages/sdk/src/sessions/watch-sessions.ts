import { createNotifier } from '../host/create-notifier.ts';
import { pause } from '../host/pause.ts';
import { retryWaitMs } from '../send/retry-gate.ts';
import { createClosedSessionReader, pageSessionsMax, ServerRefusal } from './closed-session-reader.ts';
import type { ClosedSession } from './closed-session.ts';
import {
  watchSessionsSettings,
  type WatchSessionsOptions,
  type WatchSessionsSettings,
} from './watch-sessions-options.ts';

/** Reports to a host which sessions were closed, so that it ends them. */
export interface SessionWatch {
  /** Stops asking; resolves when a running `onClosed` has ended. The next watch reports the sessions that are left. */
  close(): Promise<void>;
}

/**
 * Asks the server which sessions were closed and calls `onClosed` for each, one after another in the order in which they
 * were closed, at least once: again when it fails, and when the process ended before the position was kept. Throws TypeError
 * for options that cannot work, and nothing afterwards; keeps no process alive.
 */
export function watchSessions(options: WatchSessionsOptions): SessionWatch {
  const settings = watchSessionsSettings(options);
  const { cursor, retryWaitMaxMs, everyMs } = settings;
  const closing = new AbortController();
  const { signal } = closing;
  const reader = createClosedSessionReader(settings, signal);
  const notify = createNotifier(settings.onError);
  let position: string | undefined;

  /** Whether the page was full, so that there is more. */
  async function readPage(): Promise<boolean> {
    position ??= cursor === undefined ? (await reader.read('now')).next : await cursor.read();
    const { sessions, next } = await reader.read(position);
    for (const session of sessions) {
      await endSession(session, { settings, signal, notify });
      if (signal.aborted) return false;
    }
    if (sessions.length > 0) await cursor?.write(next);
    position = next;
    return sessions.length === pageSessionsMax;
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        const hasMore = await readPage();
        failures = 0;
        if (!hasMore) await pause(everyMs, signal, { ref: false });
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        notify(error instanceof Error ? error : new Error(String(error)));
        const requestedMs = error instanceof ServerRefusal ? (error.waitMs ?? 0) : 0;
        const waitMs = Math.min(requestedMs, retryWaitMaxMs) + retryWaitMs(failures, retryWaitMaxMs);
        await pause(waitMs, signal, { ref: false });
      }
    }
  }

  const running = run();
  return Object.freeze({
    async close() {
      closing.abort();
      await running;
      reader.close();
    },
  });
}

interface EndSessionOptions {
  readonly settings: WatchSessionsSettings;
  readonly signal: AbortSignal;
  readonly notify: (error: Error) => void;
}

/** Calls `onClosed` until it succeeds, at most `attemptsMax` times. Never rejects. */
async function endSession(
  session: ClosedSession,
  { settings, signal, notify }: EndSessionOptions,
): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await settings.onClosed(session);
      return;
    } catch (cause) {
      const isLast = attempt >= settings.attemptsMax;
      const end = isLast ? `, ${attempt} times: it was given up` : '';
      notify(new Error(`onClosed failed for ${session.id}${end}`, { cause }));
      if (isLast) return;
      await pause(retryWaitMs(attempt, settings.retryWaitMaxMs), signal, { ref: false });
    }
  }
}
