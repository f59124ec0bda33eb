/** A signed checkpoint as it was read: the note is the proof, the other fields are what the note says. */
export interface SeenCheckpoint {
  readonly note: string;
  readonly size: number;
  /** Base64. */
  readonly rootHash: string;
}

/** The ledger's answer when it accepted an event; `leafHash` in base64. */
export interface WatchedReceipt {
  readonly index: number;
  readonly leafHash: string;
}

/**
 * `bad_signature`: the newest checkpoint is not signed by the verifier's key. `rollback`: the ledger is smaller than it was.
 * `fork`: it signed another history than the kept one. `tiles`: the tiles below a signed checkpoint do not belong to that
 * checkpoint. `receipt`: an acknowledged event is missing, or another event is in its place.
 * `kept_note`: the file with the newest checkpoint is damaged. `silent`: nothing could be compared for `silentAfterMs`.
 */
export type ProblemKind =
  'bad_signature' | 'rollback' | 'fork' | 'tiles' | 'receipt' | 'kept_note' | 'silent';

/** A fact that an honest ledger never causes. When both checkpoints are given, their notes prove it to anyone. */
export interface LedgerProblem {
  readonly state: 'problem';
  readonly kind: ProblemKind;
  /** The problem in a sentence. */
  readonly text: string;
  readonly kept?: SeenCheckpoint;
  readonly found?: SeenCheckpoint;
  readonly receipt?: WatchedReceipt;
}

/** The result of a check; `unknown` where the ledger could not be read, which says nothing about it. */
export type WatchVerdict =
  | {
      readonly state: 'consistent';
      readonly checkpoint: SeenCheckpoint;
      /** How many receipts this check found in the tree, and how many wait for a checkpoint that covers them. */
      readonly receipts: number;
      readonly receiptsWaiting: number;
    }
  | { readonly state: 'unknown'; readonly reason: string }
  | LedgerProblem;
