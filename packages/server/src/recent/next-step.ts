import type { LedgerHead } from '../storage/index.ts';
import type { WindowState } from './window-state.ts';

/** A step that brings a window closer to a head. */
export type NextStep =
  /** The window is at the head. */
  | { readonly kind: 'done' }
  /** The window has more than the head: another process saw more of the ledger, or the ledger was put back. */
  | { readonly kind: 'ahead' }
  /** More entries came than the window holds. It is rebuilt, because entries that would leave at once need not be read. */
  | { readonly kind: 'refill' }
  /** Entries `[first, end)` are added. `tag` is the tag of the head when this step reaches the head, otherwise 0. */
  | { readonly kind: 'append'; readonly first: number; readonly end: number; readonly tag: number };

/** Entries appended in one step. */
export const stepEntriesMax = 1_000;

export function nextStep(
  { upTo, tag }: Pick<WindowState, 'upTo' | 'tag'>,
  head: LedgerHead,
  { entriesMaxPerLedger }: { readonly entriesMaxPerLedger: number },
): NextStep {
  if (upTo > head.size) return { kind: 'ahead' };
  if (head.size - upTo > entriesMaxPerLedger) return { kind: 'refill' };
  const end = Math.min(head.size, upTo + stepEntriesMax);
  const nextTag = end === head.size ? head.tag : 0;
  if (upTo === end && tag === nextTag) return { kind: 'done' };
  return { kind: 'append', first: upTo, end, tag: nextTag };
}
