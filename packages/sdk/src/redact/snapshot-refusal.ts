import type { RejectionCode } from '@bitacora/event';

/** Ends a snapshot from within; never leaves `createSnapshot`. */
export class SnapshotRefusal extends Error {
  readonly code: RejectionCode;

  constructor(code: RejectionCode) {
    super(code);
    this.code = code;
  }
}
