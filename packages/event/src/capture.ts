import type { Actor, AuditEvent, Target } from './audit-event.ts';
import type { Rejection } from './rejections.ts';

/**
 * An event as the host gives it: `id` and `actor.type` may be absent, and `target` may stand for a single element of
 * `targets`.
 */
export type EventInput = Omit<AuditEvent, 'id' | 'actor'> & {
  readonly id?: string;
  readonly actor: Omit<Actor, 'type'> & { readonly type?: Actor['type'] };
  readonly target?: Target;
};

/**
 * The state of a captured event. `pending`: in the memory of this process. `spooled`: on this host's disk. `outboxed`: in the
 * outbox of the host's own transaction. `sequenced`: in the ledger. `rejected`: it will never be in the ledger.
 */
export type CaptureReceipt =
  | { readonly state: 'pending' | 'spooled' | 'outboxed'; readonly id: string }
  | { readonly state: 'sequenced'; readonly id: string; readonly index: number; readonly leafHash: string }
  | { readonly state: 'rejected'; readonly id?: string; readonly rejection: Rejection };

/**
 * Nothing in mode `best_effort`, which never throws and never waits. A promise in `durable` (resolves once spooled),
 * `strict` (resolves once sequenced, rejects when the server cannot be reached) and `outbox` (resolves once the row is
 * written in the host's transaction). `pending` only where a host chose that a full spool falls back to memory.
 * `await` fits all of them.
 */
export type Captured = Promise<CaptureReceipt> | void;

/** What the loggers of a pack get: the only functions that they may use. */
export type Capture<Input = EventInput> = (event: Input) => Captured;
