import type { Grant } from './grants.ts';
import type { Ledger, Tenants } from './tenants.ts';
import { AuditError } from '../audit-error.ts';

/** The ledger named, or all that the caller keeps going: an operator every tenant's. @throws not_found */
export async function reachedLedgers(
  grant: Grant,
  wanted: string | undefined,
  tenants: Tenants,
): Promise<Ledger[]> {
  const all = grant.permissions.has('operator') ? await tenants.allLedgers() : [...grant.ledgers];
  const found = wanted === undefined ? all : all.filter((ledger) => ledger.name === wanted);
  if (found.length > 0) return found;
  throw new AuditError('not_found', { parameter: 'ledger', detail: `there is no ledger ${wanted}` });
}
