import { currentContext } from '../../context/audit-context.ts';

/** What the triggers are told when nothing is to be captured. */
export const pausedContext = '{"paused":true}';

const contextLengthMaxBytes = 16_384;
/** So little that all parts of a context together have room. */
const partLengthMaxBytes = 1_024;

/**
 * The running context as the text that `bitacora.context` takes; empty outside of any. A context that is too large is told
 * without its attributes and request, and one that is too large still as its tenant and what is small: cut by the reader, it
 * would name no tenant, and its changes go to another ledger.
 */
export function toldContext(): string {
  const { paused, ...context } = currentContext();
  if (paused === true) return pausedContext;
  const told = JSON.stringify(context);
  if (told === '{}') return '';
  if (Buffer.byteLength(told) <= contextLengthMaxBytes) return told;
  const { attributes: _attributes, request: _request, ...small } = context;
  const kept = JSON.stringify(small);
  if (Buffer.byteLength(kept) <= contextLengthMaxBytes) return kept;
  const fitting = Object.entries(small).filter(([name, part]) => name === 'tenant' || isSmall(part));
  return JSON.stringify(Object.fromEntries(fitting));
}

function isSmall(part: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(part) ?? '') <= partLengthMaxBytes;
}
