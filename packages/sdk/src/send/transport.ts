import type { Rejection } from '@bitacora/event';

/** A batch for the server: events of one instance, in the order of capture. */
export interface OutgoingBatch {
  /** The instance that captured the events: 16 random bytes in base64url. */
  readonly instance: string;
  /** The numbers that the instance gave to the events, as ranges: `1-500,502`. */
  readonly sequences: string;
  readonly ids: readonly string[];
  /** One JSON text per event. */
  readonly events: readonly string[];
}

/** Where one event is in the ledger, or why it will never be there. */
export type Judgement =
  | { readonly state: 'sequenced'; readonly index: number; readonly leafHash: string }
  | {
      readonly state: 'rejected';
      readonly rejection: Pick<Rejection, 'field' | 'message'> & { code: string };
    };

/** The outcome of a batch. */
export type Posted =
  /** The server judged each event, in the order sent. */
  | { readonly kind: 'judged'; readonly judgements: readonly Judgement[] }
  /** The batch is to be sent again. */
  | {
      readonly kind: 'later';
      readonly reason: string;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    }
  | { readonly kind: 'tooLarge' }
  /** The server will never take any event of the batch. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Sends one batch and resolves with its outcome. Ends early when `signal` is aborted. An error counts as `later`. */
export type Transport = (batch: OutgoingBatch, signal: AbortSignal) => Promise<Posted>;
