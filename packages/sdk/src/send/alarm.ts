import { timerMaxMs } from '../host/timer-max.ts';

/** A timer that rings once, at the earliest of the times for which it was set. It keeps no process alive. */
export interface Alarm {
  /** By `performance.now()`. */
  set(at: number): void;
  cancel(): void;
}

export function createAlarm(ring: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined;
  let ringsAt = 0;
  return {
    set(at) {
      if (timer !== undefined && ringsAt <= at) return;
      clearTimeout(timer);
      ringsAt = at;
      const waitMs = Math.min(Math.max(at - performance.now(), 0), timerMaxMs);
      timer = setTimeout(() => {
        timer = undefined;
        ring();
      }, waitMs);
      timer.unref();
    },
    cancel() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
