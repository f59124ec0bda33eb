/** `rejected`: one event, for good. `unreachable`: will be tried again. `refused`: a whole request, for good. */
export type SdkErrorCode = 'rejected' | 'unreachable' | 'refused';

/** What `onError` is told. Nothing of this is ever thrown. */
export class SdkError extends Error {
  override readonly name = 'SdkError';
  readonly code: SdkErrorCode;
  /** The event's id, where one event is meant. */
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
