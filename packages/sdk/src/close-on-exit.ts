import { isMainThread } from 'node:worker_threads';
import type { Audit } from './audit.ts';

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
 * `process.exit` goes to the spool. Returns how to undo it.
 */
export function closeOnExit({ audit, timeoutMs, spools, spillNow }: CloseOnExitOptions): () => void {
  const close = (): Promise<unknown> => audit.close(timeoutMs).catch(() => undefined);

  const onSignal = (signal: NodeJS.Signals): void => {
    void close().then(() => {
      undo();
      // A host that listens itself decides itself.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
  const onceIdle = (): void => void close();
  const onException = (error: unknown): void => {
    const isOurs = process.listenerCount('uncaughtException') === 1;
    void close().then(() => {
      undo();
      if (isOurs)
        setImmediate(() => {
          throw error;
        });
    });
  };
  const undo = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
    process.off('beforeExit', onceIdle);
    process.off('uncaughtException', onException);
    process.off('exit', spillNow);
  };

  // Threads get no signals.
  if (isMainThread) for (const signal of signals) process.on(signal, onSignal);
  process.on('beforeExit', onceIdle);
  process.on('exit', spillNow);
  // With a spool the exception need not be held up: what is in memory goes to the disk at the exit that follows.
  if (!spools) process.on('uncaughtException', onException);
  return undo;
}
