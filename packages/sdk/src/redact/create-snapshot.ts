import { limits, reject, type Rejection } from '@bitacora/event';
import { createCopier, type Copier } from './copier.ts';
import { textOf } from './field-rules.ts';
import type { RedactOptions } from './redact-options.ts';
import { SnapshotRefusal } from './snapshot-refusal.ts';

/**
 * A copy that shares nothing with the host, in which the secrets that were recognised are replaced, or why there is none. The
 * fields are not checked yet: `parseEvent` does that. `bytesEstimated` is close to the length of its JSON.
 */
export type Snapshot =
  | {
      readonly ok: true;
      readonly event: Record<string, unknown>;
      readonly bytesEstimated: number;
    }
  | { readonly ok: false; readonly rejection: Rejection };

/**
 * Makes the function that copies and redacts an event in one walk. It reads each property once and never throws. A value that
 * cannot be read (a getter that throws, a revoked proxy), or that is endless, gives a rejection with its path. Functions and
 * symbols are left out, as by `JSON.stringify`; bigints become decimal texts; `plainValue` converts other objects.
 */
export function createSnapshot(options: RedactOptions = {}): (event: unknown) => Snapshot {
  const usual = createCopier(options);
  let isCopying = false;
  return (event) => {
    // A getter or a custom rule that runs during a copy may capture another event.
    if (isCopying) return snapshotBy(createCopier(options), event);
    isCopying = true;
    const snapshot = snapshotBy(usual, event);
    isCopying = false;
    return snapshot;
  };
}

function snapshotBy(copier: Copier, input: unknown): Snapshot {
  if (typeof input !== 'object' || input === null) {
    return { ok: false, rejection: reject('wrong_type', '', { detail: 'an object is needed' }) };
  }
  try {
    const event = copier.copyEvent(input);
    const bytesEstimated = copier.bytes();
    if (bytesEstimated > limits.eventSizeMaxBytes * 2) throw new SnapshotRefusal('too_large');
    return { ok: true, event, bytesEstimated };
  } catch (thrown) {
    const code = thrown instanceof SnapshotRefusal ? thrown.code : 'unreadable';
    return { ok: false, rejection: reject(code, textOf(copier.path())) };
  }
}
