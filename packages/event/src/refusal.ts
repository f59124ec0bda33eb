import { reject, type Rejection, type RejectionCode } from './rejections.ts';

/** Carries a rejection out of nested readers; never leaves `parseEvent`. */
export class Refusal extends Error {
  readonly code: RejectionCode;
  readonly field: string;
  readonly detail: string | undefined;

  constructor(code: RejectionCode, field: string, detail?: string) {
    super(code);
    this.code = code;
    this.field = field;
    this.detail = detail;
  }

  toRejection(): Rejection {
    return reject(this.code, this.field, this.detail === undefined ? {} : { detail: this.detail });
  }
}

/** Puts `path` before the field of a refusal that a nested reader threw. So paths are built only when something is refused. */
export function within(thrown: unknown, path: string): unknown {
  if (!(thrown instanceof Refusal) || path === '') return thrown;
  const { field } = thrown;
  const whole = field === '' || field.startsWith('[') ? `${path}${field}` : `${path}.${field}`;
  return new Refusal(thrown.code, whole, thrown.detail);
}
