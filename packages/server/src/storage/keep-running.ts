import { setTimeout as sleep } from 'node:timers/promises';

export interface KeptRunning {
  pid(): number;
  /** Stops the process and does not start it again. */
  stop(): Promise<void>;
}

const lookEveryMs = 200;
const startAgainAfterMs = 500;

/**
 * Starts a process again whenever it dies, and tries until it succeeds: for a moment after a kill its children may still
 * hold its shared memory. `onError` gets each death and each failed start.
 */
export function keepRunning(options: {
  pid: number;
  alive: (pid: number) => boolean;
  start: () => Promise<number>;
  stop: (pid: number) => Promise<void>;
  onError: (error: Error) => void;
}): KeptRunning {
  let { pid } = options;
  const abort = new AbortController();
  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal: abort.signal, ref: false }).catch(() => undefined);
  const startAgain = async (): Promise<void> => {
    options.onError(new Error(`the database (process ${pid}) died and is started again`));
    while (!abort.signal.aborted) {
      try {
        pid = await options.start();
        return;
      } catch (error) {
        options.onError(error instanceof Error ? error : new Error(String(error)));
        await pause(startAgainAfterMs);
      }
    }
  };
  const watch = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      await pause(lookEveryMs);
      if (!abort.signal.aborted && !options.alive(pid)) await startAgain();
    }
  };
  const watching = watch();
  return {
    pid: () => pid,
    async stop() {
      abort.abort();
      await watching;
      await options.stop(pid);
    },
  };
}
