import { AuditError } from '../audit-error.ts';
import type { Scope } from '../storage/index.ts';
import type { ApiKey, ApiKeys, ScopeName } from './api-keys.ts';
import type { Ledger, Tenant, Tenants } from './tenants.ts';

/** Who calls, and what they may touch. Every stage gets its tenant and ledgers from here, never from a parameter. */
export interface Grant {
  key: { id: string; name: string };
  tenant: Tenant;
  scopes: ReadonlySet<ScopeName>;
  /** The ledgers it may touch, the default one first. */
  ledgers: readonly Ledger[];
  /** Names of the only ledgers it may touch; null: all of its tenant, also those made later. */
  ledgerNames: readonly string[] | null;
}

export interface Access {
  /** The grant of an Authorization header. @throws unauthenticated */
  authenticate(header: string | undefined): Promise<Grant>;
}

/** How long another server's new ledgers stay unseen. */
const ledgersCachedForMs = 1_000;

export function createAccess(options: { tenants: Tenants; apiKeys: ApiKeys; clock: () => number }): Access {
  const { tenants, apiKeys, clock } = options;
  const grants = new Map<string, { grant: Grant; until: number; revision: number }>();
  return {
    async authenticate(header) {
      const secret = /^(?:bearer|token) +(\S+)$/i.exec(header ?? '')?.[1];
      const key = secret === undefined ? undefined : await apiKeys.authenticate(secret);
      if (!key) throw new AuditError('unauthenticated', { detail: 'send Authorization: Bearer <key>' });
      const cached = grants.get(key.id);
      const revision = tenants.revision();
      if (cached && cached.until > clock() && cached.revision === revision) return cached.grant;
      const grant = await grantOf(key, tenants);
      if (grants.size > 10_000) grants.clear();
      grants.set(key.id, { grant, until: clock() + ledgersCachedForMs, revision });
      return grant;
    },
  };
}

async function grantOf(key: ApiKey, tenants: Tenants): Promise<Grant> {
  const [all, list] = await Promise.all([tenants.ledgers(key.tenant), tenants.list()]);
  const tenant = list.find((candidate) => candidate.id === key.tenant);
  if (!tenant) throw new AuditError('unauthenticated');
  const allowed = key.ledgers;
  const ledgers = allowed === null ? all : all.filter((ledger) => allowed.includes(ledger.name));
  return {
    key: { id: key.id, name: key.name },
    tenant,
    scopes: new Set(key.scopes),
    ledgers,
    ledgerNames: allowed,
  };
}

/** @throws forbidden naming the scope that is missing */
export function requireScope(grant: Grant, scope: ScopeName): void {
  if (grant.scopes.has(scope)) return;
  throw new AuditError('forbidden', { detail: `this key lacks the scope ${scope}` });
}

/** The ledgers a read covers: the one named, or all but the tenant's own audit. @throws not_found */
export function ledgersFor(grant: Grant, name: string | undefined): readonly Ledger[] {
  if (name === undefined)
    return grant.ledgers.filter((ledger) => ledger.name !== auditLedgerName(grant.tenant));
  return [ledgerFor(grant, name)];
}

/** The ledger named (with or without the tenant's prefix), or the default one. @throws not_found */
export function ledgerFor(grant: Grant, name: string | undefined): Ledger {
  const wanted = name ?? grant.tenant.name;
  const found = grant.ledgers.find(
    (ledger) => ledger.name === wanted || ledger.name === `${grant.tenant.name}.${wanted}`,
  );
  if (!found)
    throw new AuditError('not_found', { parameter: 'ledger', detail: `there is no ledger ${wanted}` });
  return found;
}

export function auditLedgerName(tenant: Tenant): string {
  return `${tenant.name}.audit`;
}

export function scopeOf(grant: Grant, ledgers: readonly Ledger[] = grant.ledgers): Scope {
  return { tenant: grant.tenant.id, ledgers: ledgers.map((ledger) => ledger.id) };
}
