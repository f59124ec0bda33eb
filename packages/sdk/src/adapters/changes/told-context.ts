import { currentContext } from '../../context/audit-context.ts';

/** What the triggers are told when nothing is to be captured. */
export const pausedContext = '{"paused":true}';

const contextLengthMaxBytes = 16_384;

/**
 * The running context as the text that `bitacora.context` takes; empty outside of any. A context that is too large is told
 * without its attributes and request.
 */
export function toldContext(): string {
  const { paused, ...context } = currentContext();
  if (paused === true) return pausedContext;
  const told = JSON.stringify(context);
  if (told === '{}') return '';
  if (Buffer.byteLength(told) <= contextLengthMaxBytes) return told;
  const { attributes: _attributes, request: _request, ...small } = context;
  return JSON.stringify(small);
}
