import type { RetryGate } from './retry-gate.ts';
import type { SequenceRanges } from './sequence-ranges.ts';

/** What an instance reports of itself (`PUT /v1/sources/{instance}`): by it the server knows which missing numbers were given up. */
export interface SourceReport {
  readonly name: string;
  readonly sdk: string;
  readonly state: 'open' | 'closed';
  readonly startedAt: string;
  readonly sentAt: string;
  readonly submitted: number;
  readonly rejected: number;
  readonly dropped: Readonly<Record<string, number>>;
  /** Numbers of events that will never be sent, as ranges; only those that no earlier report named. */
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
  /** To be called at the first event. */
  start(): void;
  report(state: 'open' | 'closed'): SourceReport;
  /** Stops the regular reports; with `isFinal` it also reports that the instance has closed. */
  close(options: { readonly timeoutMs: number; readonly isFinal: boolean }): Promise<void>;
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

/**
 * Reports regularly, also without news, because the server takes a silent instance for lost. A server that does not know
 * reports does no harm.
 */
export function createSourceReporter(options: SourceReporterOptions): SourceReporter {
  const { clock, everyMs, unsent } = options;
  const startedAt = new Date(clock()).toISOString();
  const stopping = new AbortController();
  // The numbers of a report that the server has not accepted yet.
  let unreported = '';
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;

  function report(state: 'open' | 'closed'): SourceReport {
    if (unreported === '') unreported = unsent.take(unsentCharsMax);
    return {
      name: options.name,
      sdk,
      state,
      startedAt,
      sentAt: new Date(clock()).toISOString(),
      ...options.count(),
      unsent: unreported,
      reportEveryMs: everyMs,
    };
  }

  async function send(state: 'open' | 'closed', signal: AbortSignal): Promise<void> {
    const answer = await options.send(options.instance, report(state), signal);
    if (answer === 'taken') unreported = '';
  }

  function sendNow(): void {
    // While the server does not answer, only events are sent to find out whether it is back.
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
    async close({ timeoutMs, isFinal }) {
      clearInterval(timer);
      stopping.abort();
      await sending;
      if (timer === undefined || !isFinal) return;
      // Numbers that do not fit into one report go into further ones.
      do await send('closed', AbortSignal.timeout(Math.ceil(timeoutMs)));
      while (unreported === '' && !unsent.isEmpty());
    },
  };
}
