import type { Audit } from '../audit.ts';
import type { Delivery, Health } from '../delivery.ts';
import { timerMaxMs } from '../host/timer-max.ts';
import type { Settings } from '../settings/settings.ts';
import { createCapture } from './create-capture.ts';
import { createEventEncoder } from './encode-event.ts';
import { deliveryIn, healthOf } from './health-of.ts';
import { createLanes } from './lanes.ts';

const timeoutDefaultMs = 5_000;
/** The last report to the server may take this long even when the time of `close` is over. */
const closingReportMinMs = 200;

/** The audit, and the further functions that the end of the process needs. */
export interface OpenedAudit {
  readonly audit: Audit;
  /** Writes the events in memory to the spool, if there is one, without waiting for anything. */
  readonly spillNow: () => void;
}

/** Connects an application to its audit trail. */
export function openAudit(settings: Settings, onClosed: () => void): OpenedAudit {
  const encode = createEventEncoder(settings);
  const lanes = createLanes(settings, encode);
  let state: Health['state'] = 'open';
  let closed: Promise<Delivery> | undefined;
  const capture = createCapture({ settings, lanes, encode, isOpen: () => state === 'open' });
  const health = (): Health => healthOf(state, lanes);

  async function flush(timeoutMs = timeoutDefaultMs): Promise<Delivery> {
    await atMost(lanes.flush(), timeoutMs);
    return deliveryIn(health());
  }

  async function closeOnce(timeoutMs: number): Promise<Delivery> {
    state = 'closing';
    const until = performance.now() + timeoutMs;
    await flush(timeoutMs);
    // Nothing else keeps the process alive until the last report is sent.
    const alive = setInterval(() => undefined, timerMaxMs);
    await lanes.close(Math.max(until - performance.now(), closingReportMinMs));
    clearInterval(alive);
    state = 'closed';
    onClosed();
    return deliveryIn(health());
  }

  return {
    audit: Object.freeze({
      capture,
      flush,
      health,
      close: (timeoutMs = timeoutDefaultMs) => (closed ??= closeOnce(Math.min(timeoutMs, timerMaxMs))),
    }),
    spillNow() {
      if (state !== 'closed') for (const lane of lanes.all()) lane.spillNow();
    },
  };
}

/** Waits for `work`, at most `timeoutMs`. The timer keeps the process alive during the wait. */
function atMost(work: Promise<void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(timeoutMs, timerMaxMs));
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
