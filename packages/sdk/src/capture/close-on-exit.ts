import { isMainThread } from 'node:worker_threads';
import type { Audit } from '../audit.ts';

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export interface CloseOnExitOptions {
  readonly audit: Audit;
  readonly timeoutMs: number;
  /** There is a disk for what cannot be sent in time. */
  readonly spools: boolean;
  readonly spillNow: () => void;
}

/**
 * Closes the audit when the process ends by a signal, an uncaught exception, or because nothing is left to do. How it
 * ends is not changed: the signal comes again when nobody else listens to it, the exception too, and what is left at
 * `process.exit` goes to the spool. Where the host listens itself, what is there is sent, and the end is the host's. Returns how to
 * undo it.
 */
export function closeOnExit({ audit, timeoutMs, spools, spillNow }: CloseOnExitOptions): () => void {
  const close = (): Promise<unknown> => audit.close(timeoutMs).catch(() => undefined);

  // A host that listens itself decides itself, and captures until it has ended its work.
  const send = (): void => void audit.flush(timeoutMs).catch(() => undefined);

  const onSignal = ours((signal: NodeJS.Signals): void => {
    if (!areOurs(process.listeners(signal))) return send();
    void close().then(() => {
      undo();
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  });
  const onceIdle = (): void => void close();
  const onException = ours((error: unknown): void => {
    if (!areOurs(process.listeners('uncaughtException'))) return send();
    void close().then(() => {
      undo();
      if (process.listenerCount('uncaughtException') === 0)
        setImmediate(() => {
          throw error;
        });
    });
  });
  const undo = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
    process.off('beforeExit', onceIdle);
    process.off('uncaughtException', onException);
    process.off('exit', spillNow);
  };

  // Threads get no signals.
  if (isMainThread) for (const signal of signals) process.prependListener(signal, onSignal);
  process.on('beforeExit', onceIdle);
  process.on('exit', spillNow);
  // With a spool the exception need not be held up: what is in memory goes to the disk at the exit that follows.
  if (!spools) process.prependListener('uncaughtException', onException);
  return undo;
}

// Of all audits of the process, and of all copies of this package.
const mark = Symbol.for('bitacora.close-on-exit');

/** Listeners of ours come first: one that the host has for once is still there then. */
function ours<Listener extends object>(listener: Listener): Listener {
  return Object.assign(listener, { [mark]: true });
}

function areOurs(listeners: readonly object[]): boolean {
  return listeners.every((listener) => mark in listener);
}
