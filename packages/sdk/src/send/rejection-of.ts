import { rejections, type Rejection, type RejectionCode } from '@bitacora/event';
import type { Judgement } from './transport.ts';

/** The server's rejection for the host. A code that this package does not know becomes `not_allowed`. */
export function rejectionOf({
  code,
  field,
  message,
}: Extract<Judgement, { state: 'rejected' }>['rejection']): Rejection {
  return { code: isRejectionCode(code) ? code : 'not_allowed', field, message };
}

function isRejectionCode(code: string): code is RejectionCode {
  return Object.hasOwn(rejections, code);
}
