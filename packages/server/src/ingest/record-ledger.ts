import type { Grant, Ledger, Tenants } from '../access/index.ts';
import type { Ingest } from './ingest.ts';
import { reportAct } from './report-act.ts';

/**
 * Makes a ledger `{tenant}.{suffix}`. Before it exists an event in the tenant's audit ledger states its period: retention
 * removes entries only because of a signed event, and never because a row of the database says so.
 * @throws already_exists, invalid_parameter
 */
export async function recordLedger(
  grant: Grant,
  { suffix, retentionDays }: { readonly suffix: string; readonly retentionDays: number | undefined },
  { tenants, ingest }: { readonly tenants: Tenants; readonly ingest: Ingest },
): Promise<Ledger> {
  await tenants.requireFree(grant.tenant, suffix);
  const act = {
    action: 'ledger.create',
    operation: 'create',
    targets: [{ type: 'ledger', id: `${grant.tenant.name}.${suffix}` }],
    attributes: { retentionDays: retentionDays ?? null },
  } as const;
  const recordIndex = await reportAct(grant, act, { tenants, ingest });
  return tenants.createLedger(grant.tenant, suffix, { retentionDays, recordIndex });
}
