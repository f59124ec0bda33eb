import type { Actor, AuditEvent, Target } from './audit-event.ts';
import type { Rejection } from './rejections.ts';

/** What a host hands over: an event whose `id` and `actor.type` may be absent, and `target` for a single one. */
export type EventInput = Omit<AuditEvent, 'id' | 'actor'> & {
  readonly id?: string;
  readonly actor: Omit<Actor, 'type'> & { readonly type?: Actor['type'] };
  readonly target?: Target;
};

/** How far an event came: on this host's disk, in the ledger, or refused (it will never get there). */
export type CaptureReceipt =
  | { readonly state: 'spooled'; readonly id: string }
  | { readonly state: 'sequenced'; readonly id: string; readonly index: number; readonly leafHash: string }
  | { readonly state: 'rejected'; readonly id?: string; readonly rejection: Rejection };

/**
 * Nothing in mode `best_effort`, which never throws and never waits. A promise in `durable` (resolves once spooled)
 * and `strict` (resolves once sequenced, rejects when the server cannot be reached). `await` fits all of them.
 */
export type Captured = Promise<CaptureReceipt> | void;

/** What the loggers of a pack are given, and all they may do. */
export type Capture<Input = EventInput> = (event: Input) => Captured;
