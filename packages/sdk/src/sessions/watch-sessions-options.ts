import { readFile } from 'node:fs/promises';
import { hasCode } from '../host/has-code.ts';
import { replaceFile } from '../host/replace-file.ts';
import { timerMaxMs } from '../host/timer-max.ts';
import type { ClosedSession } from './closed-session.ts';
import { readerAddress, refusalsOf } from '../settings/reader-options.ts';

const refuseUnless = refusalsOf('watchSessions');

/** Where the position in the order of closings is kept, so that the next process goes on there. */
export interface SessionCursor {
  /** Undefined before the first `write`: then every closing that there ever was is reported. */
  read(): Promise<string | undefined>;
  write(cursor: string): Promise<void>;
}

export interface WatchSessionsOptions {
  /** The server's base. Absent: the environment's BITACORA_URL. */
  readonly url?: string;
  /** An API key with the scope read. Absent: the environment's BITACORA_API_KEY. */
  readonly key?: string;
  /** Ends the session in the host; may be called again for the same session. A promise that it returns is waited for. */
  readonly onClosed: (session: ClosedSession) => unknown;
  /**
   * A file, or the host's own store, such as a row of its database. Absent: nothing is kept, and sessions that were closed
   * before the start are not reported, which fits a host whose sessions end with its process.
   */
  readonly cursor?: string | SessionCursor;
  /** The wait before the next question after an answer without sessions (2 s). */
  readonly everyMs?: number;
  /** After a failure, of the server or of `onClosed`, a random wait that doubles up to this (60 s). */
  readonly retryWaitMaxMs?: number;
  /** How often `onClosed` is called for a session when it fails (10); then the watch calls `onError` and goes on. */
  readonly attemptsMax?: number;
  /** No request takes longer (30 s). */
  readonly requestTimeoutMs?: number;
  /** Gets errors of attempts that will be repeated, and each session that was given up. */
  readonly onError?: (error: Error) => unknown;
}

const limitDefaults = {
  everyMs: 2_000,
  retryWaitMaxMs: 60_000,
  attemptsMax: 10,
  requestTimeoutMs: 30_000,
};

export type WatchSessionsSettings = typeof limitDefaults &
  Required<Pick<WatchSessionsOptions, 'url' | 'key' | 'onClosed' | 'onError'>> & {
    readonly cursor: SessionCursor | undefined;
  };

/** Fills in environment and limits. TypeError that names the option for what cannot work. */
export function watchSessionsSettings(
  options: WatchSessionsOptions,
  environment: NodeJS.ProcessEnv = process.env,
): WatchSessionsSettings {
  const { onClosed, onError = () => undefined, cursor } = options;
  const { url, key } = readerAddress(options, environment, refuseUnless);
  refuseUnless(typeof onClosed === 'function', 'onClosed', 'a function');
  refuseUnless(typeof onError === 'function', 'onError', 'a function');
  refuseUnless(cursor !== '' && cursor !== null, 'cursor', 'the path of a file, or { read, write }');
  return {
    ...limitsOf(options),
    url,
    key,
    onClosed,
    onError,
    cursor: typeof cursor === 'string' ? cursorFile(cursor) : cursor,
  };
}

function cursorFile(path: string): SessionCursor {
  return {
    read: () =>
      readFile(path, 'utf8').catch((error: unknown) => {
        if (hasCode(error, 'ENOENT')) return undefined;
        throw error;
      }),
    write: (cursor) => replaceFile(path, cursor),
  };
}

function limitsOf(options: WatchSessionsOptions): typeof limitDefaults {
  const amount = (name: keyof typeof limitDefaults): number => {
    const value = options[name] ?? limitDefaults[name];
    refuseUnless(typeof value === 'number' && value >= 1, name, 'a number of at least 1');
    return Math.min(value, timerMaxMs);
  };
  return {
    everyMs: amount('everyMs'),
    retryWaitMaxMs: amount('retryWaitMaxMs'),
    attemptsMax: amount('attemptsMax'),
    requestTimeoutMs: amount('requestTimeoutMs'),
  };
}
