import { createNotifier } from '../host/create-notifier.ts';
import type { LedgerProblem, WatchVerdict } from './verdict.ts';
import type { WatchSettings } from './watch-options.ts';

/**
 * Makes the function that each verdict passes through. It reports a problem to the host once, and turns `unknown` into the
 * problem `silent` when nothing could be compared for `silentAfterMs`.
 */
export function createProblemReporter({
  silentAfterMs,
  onProblem,
}: Pick<WatchSettings, 'silentAfterMs' | 'onProblem'>): (verdict: WatchVerdict) => WatchVerdict {
  const notify = createNotifier(onProblem);
  let comparedAt = performance.now();
  let lastProblem: string | undefined;
  return (compared) => {
    const now = performance.now();
    if (compared.state !== 'unknown') comparedAt = now;
    const isSilent = compared.state === 'unknown' && now - comparedAt > silentAfterMs;
    const verdict = isSilent ? silence(silentAfterMs, compared.reason) : compared;
    if (verdict.state === 'unknown') return verdict;
    const problem = verdict.state === 'problem' ? nameOf(verdict) : undefined;
    if (verdict.state === 'problem' && problem !== lastProblem) notify(verdict);
    lastProblem = problem;
    return verdict;
  };
}

function silence(silentAfterMs: number, reason: string): LedgerProblem {
  const text = `nothing could be compared for ${silentAfterMs} ms: ${reason}`;
  return { state: 'problem', kind: 'silent', text };
}

/** The same name for one problem at each check, although a ledger that was rewritten grows on. */
function nameOf({ kind, kept, receipt }: LedgerProblem): string {
  return [kind, kept?.size, receipt?.index].join(' ');
}
