import type { KeyStore } from '../storage/index.ts';

export class StoreUnavailable extends Error {
  constructor() {
    super('the recent store has failed and is not asked at present');
    this.name = 'StoreUnavailable';
  }
}

export interface CircuitBreaker {
  store: KeyStore;
  /** True while the store is asked, that is, while it does not fail. */
  closed(): boolean;
  stop(): void;
}

/** The store is not asked any more after this many failures in a row. */
const failuresMax = 2;
const probeEveryMs = 1_000;
/** A store that needs longer for a single key makes answers slower than PostgreSQL's. */
const probeWithinMs = 50;
/** This many probes in a row must be fast before the store is asked again. */
const probesWanted = 2;

/**
 * Stops asking a store that fails. From then on only probes in the background ask it: no caller waits for the store before
 * it has answered the probes in time.
 */
export function createCircuitBreaker(
  store: KeyStore,
  report: (text: string, cause?: unknown) => void,
): CircuitBreaker {
  let failures = 0;
  let open = false;
  let timer: NodeJS.Timeout | undefined;
  let fast = 0;
  const probe = async (): Promise<void> => {
    const start = performance.now();
    const ok = await store.load(['bitacora:recent:probe']).then(
      () => performance.now() - start <= probeWithinMs,
      () => false,
    );
    fast = ok ? fast + 1 : 0;
    if (fast < probesWanted) return;
    clearInterval(timer);
    open = false;
    failures = 0;
    report('the store answers again and is asked again');
  };
  const trip = (cause: unknown): void => {
    if (++failures < failuresMax || open) return;
    open = true;
    fast = 0;
    let probing = false;
    timer = setInterval(() => {
      if (probing) return;
      probing = true;
      void probe().finally(() => (probing = false));
    }, probeEveryMs);
    timer.unref();
    report('the store fails and is given a rest', cause);
  };
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (open) throw new StoreUnavailable();
    try {
      const answer = await work();
      failures = 0;
      return answer;
    } catch (error) {
      trip(error);
      throw error;
    }
  };
  return {
    store: {
      kind: store.kind,
      load: (names) => guarded(() => store.load(names)),
      swap: (change) => guarded(() => store.swap(change)),
      clear: (prefix) => guarded(() => store.clear(prefix)),
      measure: (prefix) => guarded(() => store.measure(prefix)),
      close: () => store.close(),
    },
    closed: () => !open,
    stop: () => clearInterval(timer),
  };
}
