import type { RejectionCode } from '@bitacora/event';

/** Thrown to end a snapshot; `createSnapshot` always catches it. */
export class SnapshotRefusal extends Error {
  readonly code: RejectionCode;

  constructor(code: RejectionCode) {
    super(code);
    this.code = code;
  }
}
