import { reject, type Rejection, type RejectionCode } from './rejections.ts';

/** Carries a rejection out of nested readers; never leaves `parseEvent`. */
export class Refusal extends Error {
  readonly rejection: Rejection;

  constructor(code: RejectionCode, field: string, detail?: string) {
    super(code);
    this.rejection = reject(code, field, detail === undefined ? {} : { detail });
  }
}
