import type { KeyStore } from '../storage/index.ts';

export class StoreUnavailable extends Error {
  constructor() {
    super('the recent store is given a rest');
    this.name = 'StoreUnavailable';
  }
}

export interface CircuitBreaker {
  store: KeyStore;
  /** True while the store is asked. */
  closed(): boolean;
  stop(): void;
}

/** One failure may be chance. */
const failuresMax = 2;
const probeEveryMs = 1_000;
/** A store that needs longer for a single key makes answers slower than PostgreSQL's. */
const probeWithinMs = 50;
/** Probes in a row that must be fast. */
const probesWanted = 2;

/**
 * Stops asking a store that fails or is slow. From then on only probes in the background meet it: no caller waits for
 * it again before it has answered in time.
 */
export function createCircuitBreaker(
  store: KeyStore,
  tell: (text: string, cause?: unknown) => void,
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
    tell('the store answers again and is asked again');
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
    tell('the store fails and is given a rest', cause);
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
