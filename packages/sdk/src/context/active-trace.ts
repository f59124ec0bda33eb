/** Ids of W3C Trace Context: 32 and 16 hexadecimal digits in lower case. */
export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
}

// `@opentelemetry/api` 1.x keeps its context manager and the span of a context under these symbols. `Symbol.for` gives the
// same symbol in every copy of that package.
const apiKey = Symbol.for('opentelemetry.js.api.1');
const spanKey = Symbol.for('OpenTelemetry Context Key SPAN');

interface OpenTelemetryGlobal {
  readonly context?: {
    active(): { getValue(key: symbol): { spanContext?(): Partial<TraceIds> } | undefined };
  };
}
const registry: typeof globalThis & { [apiKey]?: OpenTelemetryGlobal } = globalThis;

/** The ids of OpenTelemetry's active span; undefined where the host does not use it, or no span is active. */
export function activeTrace(): TraceIds | undefined {
  const api = registry[apiKey];
  if (api?.context === undefined) return undefined;
  try {
    const span = api.context.active().getValue(spanKey)?.spanContext?.();
    return span === undefined ? undefined : traceIds(span.traceId, span.spanId);
  } catch {
    // Another version of that package may throw: an event without trace ids is better than no event.
    return undefined;
  }
}

/** Reads the header `traceparent` (W3C Trace Context, section 3.2); undefined when it is absent or malformed. */
export function parseTraceparent(header: string | null | undefined): TraceIds | undefined {
  const parts = /^\s*([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(-.*)?\s*$/.exec(header ?? '');
  if (parts === null || parts[1] === 'ff' || (parts[1] === '00' && parts[4] !== undefined)) return undefined;
  return traceIds(parts[2], parts[3]);
}

function traceIds(traceId: string | undefined, spanId: string | undefined): TraceIds | undefined {
  if (traceId === undefined || !/^[\da-f]{32}$/.test(traceId) || /^0+$/.test(traceId)) return undefined;
  if (spanId === undefined || !/^[\da-f]{16}$/.test(spanId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId };
}
