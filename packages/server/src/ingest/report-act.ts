import type { AuditEvent } from '@bitacora/event';
import {
  auditLedgerName,
  type Caller,
  type Grant,
  type Ledger,
  type Tenant,
  type Tenants,
} from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Ingest } from './ingest.ts';

/** What a caller did to Bitácora itself, as the part of an event that differs from act to act. */
export type Act = Pick<
  AuditEvent,
  'action' | 'operation' | 'outcome' | 'level' | 'targets' | 'attributes' | 'client' | 'request' | 'sessionId'
>;

/** Stores an act of the caller in the tenant's own audit ledger; returns its index there. */
export async function reportAct(
  grant: Pick<Grant, 'caller' | 'tenant'>,
  act: Act & { readonly tenant?: Tenant },
  { tenants, ingest }: { readonly tenants: Tenants; readonly ingest: Ingest },
): Promise<number> {
  const { tenant = grant.tenant, ...event } = act;
  const result = await ingest.report(await auditLedgerOf(tenant, tenants), {
    ...event,
    actor: actorOf(grant.caller),
    outcome: act.outcome ?? 'success',
    level: act.level ?? 'high',
  });
  if ('index' in result) return result.index;
  throw new AuditError('internal', { operatorText: `the event ${event.action} was not stored` });
}

export async function auditLedgerOf(tenant: Tenant, tenants: Tenants): Promise<Ledger> {
  const ledgers = await tenants.ledgers(tenant.id);
  const audit = ledgers.find((ledger) => ledger.name === auditLedgerName(tenant));
  if (!audit) throw new AuditError('internal', { operatorText: `tenant ${tenant.name} has no audit ledger` });
  return audit;
}

/** A caller as the actor of an event: a key is a service, all others are persons. */
export function actorOf({ kind, id, name, email, roles }: Caller): AuditEvent['actor'] {
  const [role] = roles;
  return {
    type: kind === 'key' ? 'service' : 'user',
    id,
    name,
    ...(email === undefined ? {} : { email }),
    ...(role === undefined ? {} : { role }),
  };
}
