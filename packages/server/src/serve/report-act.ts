import type { AuditEvent } from '@bitacora/event';
import { auditLedgerName, type Grant, type Tenant, type Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Ingest } from '../ingest/index.ts';

/** Something that a caller did to Bitácora itself. */
export type Act = Pick<AuditEvent, 'action' | 'operation' | 'outcome' | 'level' | 'targets' | 'attributes'>;

/** Stores an act of the key's holder in the tenant's own audit ledger. */
export async function reportAct(
  grant: Grant,
  act: Act & { readonly tenant?: Tenant },
  { tenants, ingest }: { readonly tenants: Tenants; readonly ingest: Ingest },
): Promise<void> {
  const { tenant = grant.tenant, ...event } = act;
  const ledgers = await tenants.ledgers(tenant.id);
  const audit = ledgers.find((ledger) => ledger.name === auditLedgerName(tenant));
  if (!audit) throw new AuditError('internal', { operatorText: `tenant ${tenant.name} has no audit ledger` });
  await ingest.report(audit, {
    ...event,
    actor: { type: 'service', id: grant.key.id, name: grant.key.name },
    outcome: act.outcome ?? 'success',
    level: act.level ?? 'high',
  });
}
