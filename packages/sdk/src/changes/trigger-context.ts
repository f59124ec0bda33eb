import { currentContext } from '../context/audit-context.ts';

/** The context in which the triggers capture nothing. */
const pausedContext = '{"paused":true}';

const contextLengthMaxBytes = 16_384;
/** Small enough that all parts of a context together fit into the limit above. */
const partLengthMaxBytes = 1_024;

/**
 * The running context as the text for the setting `bitacora.context`; empty without a context. A context that is too large, or
 * cannot be JSON, loses its attributes and its request. If it is still too large, it keeps its tenant and its small parts: if
 * the reader cut it off, it would have no tenant, and its changes would go to another ledger.
 */
export function triggerContext(): string {
  const { paused, ...context } = currentContext();
  if (paused === true) return pausedContext;
  const whole = fittingJson(context, contextLengthMaxBytes);
  if (whole !== undefined) return whole === '{}' ? '' : whole;
  const { attributes: _attributes, request: _request, ...reduced } = context;
  const fitting = fittingJson(reduced, contextLengthMaxBytes);
  if (fitting !== undefined) return fitting;
  const smallParts = Object.entries(reduced).filter(
    ([name, part]) => name === 'tenant' || fittingJson(part, partLengthMaxBytes) !== undefined,
  );
  return JSON.stringify(Object.fromEntries(smallParts));
}

/**
 * Undefined for a value that is larger or cannot be JSON, because a cycle in a context must not make the host's statement fail.
 */
function fittingJson(value: unknown, lengthMaxBytes: number): string | undefined {
  try {
    const json = JSON.stringify(value) ?? '';
    return Buffer.byteLength(json) <= lengthMaxBytes ? json : undefined;
  } catch {
    return undefined;
  }
}
