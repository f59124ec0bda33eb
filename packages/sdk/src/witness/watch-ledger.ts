import { createNotifier } from '../host/create-notifier.ts';
import { judgeHistory } from './judge-history.ts';
import { judgeReceipts } from './judge-receipts.ts';
import { createKeptNote } from './kept-note.ts';
import { createPublishedTree } from './published-tree.ts';
import { readNote, seen, type ReadNote } from './read-note.ts';
import { createReceiptSample } from './receipt-sample.ts';
import type { LedgerProblem, WatchedReceipt, WatchVerdict } from './verdict.ts';
import { watchSettings, type WatchOptions } from './watch-options.ts';

/** Compares what a ledger publishes with what it published and acknowledged before. */
export interface LedgerWatch {
  /** Checks now; the regular checks go on. Never rejects. */
  check(): Promise<WatchVerdict>;
  /** Gives a receipt to verify once a checkpoint covers it. Whether it waits now: false for what is no receipt, or not chosen. */
  receipt(receipt: WatchedReceipt): boolean;
  /** Ends the checks; what was kept stays. */
  close(): Promise<void>;
}

const aliveEveryMs = 60_000;

/**
 * Keeps the newest checkpoint of a ledger where its operator has no hand in it, and checks at each new one that history
 * only grew. Throws TypeError for options that cannot work, and nothing afterwards; keeps no process alive.
 */
export function watchLedger(options: WatchOptions): LedgerWatch {
  const settings = watchSettings(options);
  const { verifier, everyMs, receiptWithinMs, silentAfterMs, audit } = settings;
  const closing = new AbortController();
  const tree = createPublishedTree(settings, closing.signal);
  const keptNote = createKeptNote(settings.directory, settings.ledger);
  const receipts = createReceiptSample(settings.receiptsMax);
  const tell = createNotifier(settings.onProblem);
  let newest: ReadNote | undefined;
  let comparedAt = performance.now();
  let told: string | undefined;
  let lastReceiptId: string | undefined;
  let running: Promise<WatchVerdict> | undefined;
  let following: Promise<WatchVerdict> | undefined;

  async function keptBefore(): Promise<ReadNote | LedgerProblem | undefined> {
    const note = await keptNote.read();
    if (note === undefined) return newest;
    const read = readNote(note, verifier);
    if (read.ok) return newest !== undefined && newest.size > read.value.size ? newest : read.value;
    const text = `the checkpoint that was kept cannot be believed: ${read.reason}`;
    return { state: 'problem', kind: 'kept_note', text };
  }

  async function keep(found: ReadNote): Promise<void> {
    newest = found;
    // Another process may have kept a newer one meanwhile.
    if ((await keptBefore()) === found) await keptNote.replace(found.note);
  }

  async function compare(): Promise<WatchVerdict> {
    // Read before the server is asked: a newer one, kept by another process meanwhile, would look like a rollback.
    const kept = await keptBefore();
    if (kept !== undefined && 'kind' in kept) return kept;
    const last = audit?.health().lastReceipt;
    if (last !== undefined && last.id !== lastReceiptId) receipts.add(last);
    lastReceiptId = last?.id;
    const note = await tree.checkpoint();
    if (note === undefined) return kept === undefined ? nothingYet : vanished(kept);
    const read = readNote(note, verifier);
    if (!read.ok) {
      const text = `the checkpoint is not to be believed: ${read.reason}`;
      return { state: 'problem', kind: 'bad_signature', text, ...(kept && { kept: seen(kept) }) };
    }
    const found = read.value;
    const reader = tree.readerOf(found.size);
    const rewritten = kept && (await judgeHistory({ kept, found }, reader));
    if (rewritten !== undefined) {
      await keptNote.keepContradiction([kept?.note ?? '', note]).catch(() => undefined);
      return rewritten;
    }
    if (kept === undefined || kept.size < found.size) await keep(found);
    const judged = await judgeReceipts(receipts.waiting(), { found, reader, withinMs: receiptWithinMs });
    receipts.remove(judged.proved);
    return (
      judged.problem ?? {
        state: 'consistent',
        checkpoint: seen(found),
        receipts: judged.proved.size,
        receiptsWaiting: receipts.waiting().length,
      }
    );
  }

  async function checkOnce(): Promise<WatchVerdict> {
    if (closing.signal.aborted) return { state: 'unknown', reason: 'the watch was closed' };
    const verdict = await compare().catch(unreadable);
    if (verdict.state !== 'unknown') comparedAt = performance.now();
    const heard =
      verdict.state === 'unknown' && performance.now() - comparedAt > silentAfterMs
        ? silence(verdict.reason)
        : verdict;
    const name = heard.state === 'problem' ? nameOf(heard) : undefined;
    if (heard.state === 'problem' && told !== name) tell(heard);
    if (heard.state !== 'unknown') told = name;
    return heard;
  }

  function silence(reason: string): LedgerProblem {
    const text = `nothing could be compared for ${silentAfterMs} ms`;
    return { state: 'problem', kind: 'silent', text: `${text}: ${reason}` };
  }

  /** At most one runs and one waits, which everybody who asks meanwhile shares. */
  function check(): Promise<WatchVerdict> {
    if (running === undefined) {
      running = checkOnce().finally(() => {
        running = undefined;
      });
      return running;
    }
    following ??= running.then(() => {
      following = undefined;
      return check();
    });
    return following;
  }

  const timer = setInterval(() => void (running ?? check()), everyMs);
  timer.unref();
  void check();

  return Object.freeze({
    async check() {
      // Who waits is not left alone by a process that has nothing else to do.
      const alive = setInterval(() => undefined, aliveEveryMs);
      return check().finally(() => clearInterval(alive));
    },
    receipt: receipts.add,
    async close() {
      clearInterval(timer);
      closing.abort();
      await (following ?? running);
      tree.close();
    },
  });
}

const nothingYet: WatchVerdict = { state: 'unknown', reason: 'the ledger has published nothing yet' };

function vanished(kept: ReadNote): LedgerProblem {
  const text = `the ledger has no checkpoint any more, and had one of size ${kept.size} before`;
  return { state: 'problem', kind: 'rollback', text, kept: seen(kept) };
}

/** The same for one problem however often it is found: a ledger that was rewritten grows on. */
function nameOf({ kind, kept, receipt }: LedgerProblem): string {
  return [kind, kept?.size, receipt?.index].join(' ');
}

/** What went wrong on the way. Tiles that are missing below a signed checkpoint are the ledger's fault, all else says nothing about it. */
function unreadable(error: unknown): WatchVerdict {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError)
    return { state: 'problem', kind: 'tiles', text: `the tiles do not prove what was signed: ${reason}` };
  return { state: 'unknown', reason };
}
