/**
 * `rejected`: the server will never take this event. `refused`: it will never take any event of the request. `unreachable`: the
 * server does not answer; the events are sent again, except in mode `strict`. `spool_full`, `spool_failed`: the disk takes no
 * more. `spool_damaged`: bytes of the spool were changed. `spool_locked`: the spooled events of an earlier instance need
 * another key and stay on the disk. `memory_full`, `closed`, `no_key`, `too_many_tenants`: the event was dropped.
 * `outbox_failed`: the row could not be written. `receipt_changed`: the server reported two places for one event.
 */
export type SdkErrorCode =
  | 'rejected'
  | 'refused'
  | 'unreachable'
  | 'spool_full'
  | 'spool_failed'
  | 'spool_damaged'
  | 'spool_locked'
  | 'memory_full'
  | 'closed'
  | 'no_key'
  | 'too_many_tenants'
  | 'outbox_failed'
  | 'receipt_changed';

/** The error that `onError` gets, and with which the promises of `capture` reject. */
export class SdkError extends Error {
  override readonly name = 'SdkError';
  readonly code: SdkErrorCode;
  /** The event's id, if the error is about one event. */
  readonly id: string | undefined;
  /** The wrong field, if the event was rejected. */
  readonly field: string | undefined;

  constructor(
    code: SdkErrorCode,
    message: string,
    more: {
      readonly id?: string | undefined;
      readonly field?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.id = more.id;
    this.field = more.field;
  }
}
