import type { RetryGate } from './retry-gate.ts';
import type { SequenceRanges } from './sequence-ranges.ts';

/** What an instance says of itself, with which the server tells a gap from what was given up (`PUT /v1/sources/{instance}`). */
export interface SourceReport {
  readonly name: string;
  readonly sdk: string;
  readonly state: 'open' | 'closed';
  readonly startedAt: string;
  readonly sentAt: string;
  readonly submitted: number;
  readonly rejected: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Numbers of events that will never be sent, as ranges; those not told before. */
  readonly unsent: string;
  readonly reportEveryMs: number;
}

export type Counted = Pick<SourceReport, 'submitted' | 'rejected' | 'dropped'>;
export type SendReport = (
  instance: string,
  report: object,
  signal: AbortSignal,
) => Promise<'taken' | 'later' | 'unknown'>;

export interface SourceReporter {
  /** At the first event. */
  start(): void;
  report(state: 'open' | 'closed'): SourceReport;
  /** Stops the regular reports and, unless told otherwise, says that the instance closed. */
  close(options: { readonly timeoutMs: number; readonly tell: boolean }): Promise<void>;
}

export interface SourceReporterOptions {
  readonly instance: string;
  readonly name: string;
  readonly everyMs: number;
  readonly unsent: SequenceRanges;
  readonly count: () => Counted;
  readonly send: SendReport;
  readonly gate: RetryGate;
  readonly clock: () => number;
}

const sdk = '@bitacora/sdk 0.1.0';
const unsentCharsMax = 8_000;

/** Reports also without news: an instance that is not heard of counts as lost. A server that does not know reports does no harm. */
export function createSourceReporter(options: SourceReporterOptions): SourceReporter {
  const { clock, everyMs, unsent } = options;
  const startedAt = new Date(clock()).toISOString();
  const stopping = new AbortController();
  let untold = '';
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  function report(state: 'open' | 'closed'): SourceReport {
    if (untold === '') untold = unsent.take(unsentCharsMax);
    return {
      ...{ name: options.name, sdk, state, startedAt, sentAt: new Date(clock()).toISOString() },
      ...options.count(),
      unsent: untold,
      reportEveryMs: everyMs,
    };
  }

  async function send(state: 'open' | 'closed', signal: AbortSignal): Promise<void> {
    const answer = await options.send(options.instance, report(state), signal);
    if (answer === 'taken') untold = '';
  }

  function sendNow(): void {
    // While the server does not answer, only the events ask whether it is back.
    if (options.gate.waitMs() > 0 || sending !== undefined) return;
    sending = send('open', stopping.signal).finally(() => {
      sending = undefined;
    });
  }

  return {
    start() {
      if (timer !== undefined) return;
      timer = setInterval(sendNow, everyMs);
      timer.unref();
      sendNow();
    },
    report,
    async close({ timeoutMs, tell }) {
      clearInterval(timer);
      stopping.abort();
      await sending;
      if (timer === undefined || !tell) return;
      // What does not fit into one report takes several.
      do await send('closed', AbortSignal.timeout(Math.ceil(timeoutMs)));
      while (untold === '' && !unsent.isEmpty());
    },
  };
}
