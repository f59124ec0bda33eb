/**
 * `rejected`: the server will never take this event. `refused`: it will never take any event of the request. `unreachable`: the
 * server does not answer; the events are sent again, except in mode `strict`. `spool_full`, `spool_failed`: the disk takes no
 * more. `spool_damaged`: bytes of the spool are not what was written. `spool_locked`: what an earlier instance spooled needs
 * another key and stays where it is. `memory_full`, `closed`, `no_key`, `too_many_tenants`: the event was dropped.
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
  /** The event's id, where the error is about one event. */
  readonly id: string | undefined;
  /** The field that is wrong, where the event was rejected. */
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
