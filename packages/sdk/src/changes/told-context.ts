import { currentContext } from '../context/audit-context.ts';

/** What the triggers are told when nothing is to be captured. */
export const pausedContext = '{"paused":true}';

const contextLengthMaxBytes = 16_384;
/** So little that all parts of a context together have room. */
const partLengthMaxBytes = 1_024;

/**
 * The running context as the text that `bitacora.context` takes; empty outside of any. A context that is too large, or no
 * JSON, is told without its attributes and request, and one that still is as its tenant and what is small: cut by the reader, it
 * would name no tenant, and its changes go to another ledger.
 */
export function toldContext(): string {
  const { paused, ...context } = currentContext();
  if (paused === true) return pausedContext;
  const told = fittingJson(context, contextLengthMaxBytes);
  if (told !== undefined) return told === '{}' ? '' : told;
  const { attributes: _attributes, request: _request, ...small } = context;
  const kept = fittingJson(small, contextLengthMaxBytes);
  if (kept !== undefined) return kept;
  const fitting = Object.entries(small).filter(
    ([name, part]) => name === 'tenant' || fittingJson(part, partLengthMaxBytes) !== undefined,
  );
  return JSON.stringify(Object.fromEntries(fitting));
}

/** Undefined for what is larger, or no JSON: a cycle in a context must not make the host's statement fail. */
function fittingJson(value: unknown, lengthMaxBytes: number): string | undefined {
  try {
    const json = JSON.stringify(value) ?? '';
    return Buffer.byteLength(json) <= lengthMaxBytes ? json : undefined;
  } catch {
    return undefined;
  }
}
