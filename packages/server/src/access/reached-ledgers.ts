import type { Grant } from './grants.ts';
import type { Ledger, Tenants } from './tenants.ts';
import { AuditError } from '../audit-error.ts';

/** The ledger of that name, or all that the caller maintains: an operator those of every tenant. @throws not_found */
export async function reachedLedgers(
  grant: Grant,
  wanted: string | undefined,
  tenants: Tenants,
): Promise<Ledger[]> {
  const everyTenant = grant.permissions.has('operator') && grant.ledgerNames === null;
  const all = everyTenant ? await tenants.allLedgers() : [...grant.ledgers];
  const chosen = wanted === undefined ? all : all.filter((ledger) => ledger.name === wanted);
  if (chosen.length > 0) return chosen;
  throw new AuditError('not_found', { parameter: 'ledger', detail: `there is no ledger ${wanted}` });
}
