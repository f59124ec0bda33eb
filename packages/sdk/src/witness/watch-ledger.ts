import { createComparison } from './compare-ledger.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { createProblemReporter } from './problem-reporter.ts';
import { createPublishedTree } from './published-tree.ts';
import { createReceiptSample } from './receipt-sample.ts';
import type { WatchedReceipt, WatchVerdict } from './verdict.ts';
import { watchSettings, type WatchOptions } from './watch-options.ts';

/** Compares a ledger with what it published and acknowledged before. */
export interface LedgerWatch {
  /** Checks now; the regular checks go on. Never rejects. */
  check(): Promise<WatchVerdict>;
  /**
   * Gives a receipt to verify once a checkpoint covers it. Returns whether it waits now: false for what is no receipt, and
   * for a receipt that was not chosen from too many.
   */
  receipt(receipt: WatchedReceipt): boolean;
  /** Ends the checks; the kept checkpoint stays. */
  close(): Promise<void>;
}

const aliveEveryMs = 60_000;

/**
 * Keeps the newest checkpoint of a ledger at a place that the ledger's operator cannot change, and checks at each new one
 * that history only grew. Throws TypeError for options that cannot work, and nothing afterwards; keeps no process alive.
 */
export function watchLedger(options: WatchOptions): LedgerWatch {
  const settings = watchSettings(options);
  const closing = new AbortController();
  const tree = createPublishedTree(settings, closing.signal);
  const receipts = createReceiptSample(settings.receiptsMax);
  const compare = createComparison({ settings, tree, receipts });
  const report = createProblemReporter(settings);
  const checks = oneAtATime(async (): Promise<WatchVerdict> => {
    if (closing.signal.aborted) return { state: 'unknown', reason: 'the watch was closed' };
    return report(await compare());
  });
  const timer = setInterval(() => void (checks.current() ?? checks.run()), settings.everyMs);
  timer.unref();
  void checks.run();

  return Object.freeze({
    async check() {
      // The process stays alive until the caller has the answer, also when it has nothing else to do.
      const alive = setInterval(() => undefined, aliveEveryMs);
      return checks.run().finally(() => clearInterval(alive));
    },
    receipt: receipts.add,
    async close() {
      clearInterval(timer);
      closing.abort();
      await checks.current();
      tree.close();
    },
  });
}
