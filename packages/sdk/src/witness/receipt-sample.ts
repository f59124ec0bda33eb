import { decodeBase64 } from '@bitacora/tlog';
import type { WatchedReceipt } from './verdict.ts';

export interface WaitingReceipt {
  readonly receipt: WatchedReceipt;
  readonly leafHash: Uint8Array;
  /** By `performance.now()`. */
  readonly givenAt: number;
}

/** Receipts that no checkpoint has covered yet. */
export interface ReceiptSample {
  /** Returns whether the receipt waits now: false for what is no receipt, and for a receipt that was not chosen. */
  add(receipt: WatchedReceipt): boolean;
  /** In the order of their index. */
  waiting(): readonly WaitingReceipt[];
  remove(done: ReadonlySet<WaitingReceipt>): void;
}

/**
 * Keeps at most `receiptsMax`. Of more, each has the same chance to stay, so that an operator who rewrites history cannot
 * know which entries will be verified.
 */
export function createReceiptSample(receiptsMax: number, random: () => number = Math.random): ReceiptSample {
  let kept: WaitingReceipt[] = [];
  let offered = 0;
  return {
    add(receipt) {
      const { index, leafHash: text } = receipt;
      const leafHash = typeof text === 'string' ? decodeBase64(text) : undefined;
      if (!Number.isSafeInteger(index) || index < 0 || leafHash?.length !== 32) return false;
      const waiting = { receipt: { index, leafHash: text }, leafHash, givenAt: performance.now() };
      offered += 1;
      if (kept.length < receiptsMax) return kept.push(waiting) > 0;
      const place = Math.floor(random() * offered);
      if (place < kept.length) kept[place] = waiting;
      return place < kept.length;
    },
    waiting: () => kept.toSorted((a, b) => a.receipt.index - b.receipt.index),
    remove(done) {
      kept = kept.filter((waiting) => !done.has(waiting));
      offered = kept.length;
    },
  };
}
