import type { AuditContext } from './audit-context.ts';

/** What an event takes from its context where it says nothing itself; attributes are merged key by key. */
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
