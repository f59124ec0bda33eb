import type { AuditContext } from './audit-context.ts';

/** The fields that an event takes from its context where it has none itself; attributes are merged key by key. */
export const contextFields = [
  'actor',
  'subject',
  'module',
  'reason',
  'sessionId',
  'correlationId',
  'traceId',
  'spanId',
  'client',
  'request',
  'tags',
  'attributes',
] as const satisfies readonly (keyof AuditContext)[];
