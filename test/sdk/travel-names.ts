import type { Audit } from '@bitacora/sdk';
import type { audited } from '@bitacora/sdk/functions';

/** A travel agency's own names for functions of the core. Each is a decorator of methods and a wrapper of functions. */
export function travelNames(of: typeof audited, audit: Audit) {
  return {
    auditBookingAction: (verb: 'create' | 'cancel') =>
      of({
        audit,
        action: `booking.${verb}`,
        module: 'booking',
        level: verb === 'cancel' ? 'high' : 'medium',
        target: ([booking]: [{ id: string }, ...unknown[]]) => ({ type: 'booking', id: booking.id }),
      }),
    auditAiAgentAccess: (name: string) =>
      of({ audit, action: 'agent.query', module: 'ai_agents', target: { type: 'agent', id: name } }),
    auditDataAccess: (type: string, kind: 'view' | 'export' | 'print') =>
      of({
        audit,
        action: `data.${kind}`,
        module: 'data',
        level: 'high',
        sensitive: true,
        target: { type: 'data', id: type },
        attributes: (_args: unknown[], rows: unknown) => ({ records: Array.isArray(rows) ? rows.length : 0 }),
      }),
    auditUserAction: (type: string, resource: string, risk: 'low' | 'medium' | 'high' | 'critical') =>
      of({ audit, action: type, module: resource, level: risk }),
  };
}
