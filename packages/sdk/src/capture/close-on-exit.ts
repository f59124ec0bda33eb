import { isMainThread } from 'node:worker_threads';
import type { Audit } from '../audit.ts';

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export interface CloseOnExitOptions {
  readonly audit: Audit;
  readonly timeoutMs: number;
  /** Whether there is a spool for events that cannot be sent in time. */
  readonly spools: boolean;
  readonly spillNow: () => void;
}

/**
 * Closes the audit when the process ends by a signal, by an uncaught exception, or because nothing is left to do. The process
 * ends in the same way as without this: the signal is sent again, or the exception is thrown again. Events that are left at
 * `process.exit` go to the spool. When the host has its own listener, the audit only sends the pending events, and the host
 * decides how the process ends. Returns the function that removes the listeners.
 */
export function closeOnExit({ audit, timeoutMs, spools, spillNow }: CloseOnExitOptions): () => void {
  const close = (): Promise<unknown> => audit.close(timeoutMs).catch(() => undefined);

  // A host with its own listener may capture until it has ended its work, so the audit is not closed.
  const send = (): void => void audit.flush(timeoutMs).catch(() => undefined);

  /** Closes the audit. Then `end` ends the process as it would have ended, unless the host has its own listener. */
  function closeThen(listeners: () => readonly object[], end: () => void): void {
    if (!areOurs(listeners())) return send();
    void close().then(() => {
      undo();
      if (listeners().length === 0) end();
    });
  }
  const rethrow = (error: unknown): void =>
    void setImmediate(() => {
      throw error;
    });

  const onSignal = marked((signal: NodeJS.Signals) =>
    closeThen(
      () => process.listeners(signal),
      () => process.kill(process.pid, signal),
    ),
  );
  const onException = marked((error: unknown) =>
    closeThen(
      () => process.listeners('uncaughtException'),
      () => rethrow(error),
    ),
  );
  const onceIdle = (): void => void close();
  const undo = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
    process.off('beforeExit', onceIdle);
    process.off('uncaughtException', onException);
    process.off('exit', spillNow);
  };

  // Only the main thread gets signals.
  if (isMainThread) for (const signal of signals) process.prependListener(signal, onSignal);
  process.on('beforeExit', onceIdle);
  process.on('exit', spillNow);
  // With a spool the exception need not wait, because the events in memory are written to the disk at the exit that follows.
  if (!spools) process.prependListener('uncaughtException', onException);
  return undo;
}

// The mark is shared by all audits of the process and all copies of this package.
const mark = Symbol.for('bitacora.close-on-exit');

/** Marks a listener as ours. Ours are called first, when a listener that the host added with `once` is still there. */
function marked<Listener extends object>(listener: Listener): Listener {
  return Object.assign(listener, { [mark]: true });
}

function areOurs(listeners: readonly object[]): boolean {
  return listeners.every((listener) => mark in listener);
}
