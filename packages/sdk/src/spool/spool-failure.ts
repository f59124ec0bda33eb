import { SdkError } from '../sdk-error.ts';

/** The error that `onError` gets when the disk fails; `done`: what could not be done with the spool. */
export function spoolFailure(done: 'read' | 'written' | 'closed' | 'removed', cause: unknown): SdkError {
  return new SdkError('spool_failed', `the spool cannot be ${done}: ${String(cause)}`, { cause });
}
