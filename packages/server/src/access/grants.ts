import { AuditError } from '../audit-error.ts';
import type { RowAccess } from '../storage/index.ts';
import type { ScopeName } from './api-keys.ts';
import type { Reach } from './permissions.ts';
import type { Ledger, Tenant } from './tenants.ts';

/** Who calls: an API key, a person who signed in, or a user of a host application with a token that the host signed. */
export interface Caller {
  readonly kind: 'key' | 'session' | 'viewer' | 'nobody';
  /** Id of the key, of the user, or of the host's user. */
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  /** Names of the caller's roles: built-in ones, or those of a pack. */
  readonly roles: readonly string[];
  /** The caller's id in the host application. */
  readonly hostId?: string;
  /** Present for a person who signed in. */
  readonly session?: { readonly id: string; readonly csrf: string };
}

/** The caller and their rights. Every room takes the tenant and the ledgers from the grant, never from a parameter. */
export interface Grant {
  caller: Caller;
  tenant: Tenant;
  /** Names from `permissionTable`, and names that packs and hosts add. */
  permissions: ReadonlySet<string>;
  /** The entries of its ledgers that the caller may read. */
  reach: Reach;
  /** The scopes that the caller may give to the keys they make. */
  grantable: ReadonlySet<ScopeName>;
  /** The ledgers that the caller may touch, the default one first. */
  ledgers: readonly Ledger[];
  /** Names of the ledgers that the caller may touch; null: all of the tenant, also those made later. */
  ledgerNames: readonly string[] | null;
  /** Networks from which the caller's key is accepted; absent: any. The keys that it makes get no other networks. */
  addresses?: readonly string[];
  /** When the caller's key ends, in ms; absent: never. The keys that it makes end no later. */
  expiresAt?: number;
}

/** The grant of routes that need no credentials: it may do nothing and read nothing. */
export const nobody: Grant = {
  caller: { kind: 'nobody', id: '', name: '', roles: [] },
  tenant: { id: 0, name: '' },
  permissions: new Set(),
  reach: { kind: 'subjects', subjects: [] },
  grantable: new Set(),
  ledgers: [],
  ledgerNames: [],
};

/** @throws forbidden naming the permission that is missing */
export function requirePermission(grant: Grant, permission: string): void {
  if (grant.permissions.has(permission)) return;
  const what = grant.caller.kind === 'key' ? 'this key lacks the scope' : 'you lack the permission';
  throw new AuditError('forbidden', { detail: `${what} ${permission}` });
}

/** For answers that depend on all entries, such as the size of a tree. @throws forbidden */
export function requireWhole(grant: Grant): void {
  if (grant.reach.kind === 'all') return;
  throw new AuditError('forbidden', { detail: 'this needs a grant for whole ledgers' });
}

/**
 * For what belongs to the tenant and not to one of its ledgers: people, keys, the directory, further ledgers.
 * @throws forbidden for a caller that is limited to some ledgers
 */
export function requireAllLedgers(grant: Grant): void {
  if (grant.ledgerNames === null) return;
  throw new AuditError('forbidden', { detail: 'this needs a grant for all ledgers of the tenant' });
}

/** For the administration of the tenant: all entries of all ledgers. @throws forbidden */
export function requireTenant(grant: Grant): void {
  requireWhole(grant);
  requireAllLedgers(grant);
}

/** The ledgers that a read covers: the one named, or all but the tenant's audit ledger. @throws not_found */
export function ledgersFor(grant: Grant, name: string | undefined): readonly Ledger[] {
  if (name === undefined)
    return grant.ledgers.filter((ledger) => ledger.name !== auditLedgerName(grant.tenant));
  return [ledgerFor(grant, name)];
}

/** The ledger of that name (with or without the tenant's prefix), or the default one. @throws not_found */
export function ledgerFor(grant: Grant, name: string | undefined): Ledger {
  const wanted = name ?? grant.tenant.name;
  const ledger = grant.ledgers.find(
    (candidate) => candidate.name === wanted || candidate.name === `${grant.tenant.name}.${wanted}`,
  );
  if (!ledger)
    throw new AuditError('not_found', { parameter: 'ledger', detail: `there is no ledger ${wanted}` });
  return ledger;
}

export function auditLedgerName(tenant: Tenant): string {
  return `${tenant.name}.audit`;
}

/** The rows that a transaction of this caller may touch in these ledgers. */
export function rowAccessOf(grant: Grant, ledgers: readonly Ledger[] = grant.ledgers): RowAccess {
  const rowAccess = { tenant: grant.tenant.id, ledgers: ledgers.map((ledger) => ledger.id) };
  const records = recordsOf(grant.reach);
  return records ? { ...rowAccess, records } : rowAccess;
}

/** Ids of the directory records that a reach includes; undefined: all of them. */
export function recordsOf(reach: Reach): readonly string[] | undefined {
  if (reach.kind === 'all') return undefined;
  if (reach.kind === 'subjects') return reach.subjects;
  const hostId = hostIdOf(reach);
  return hostId === undefined ? [] : [hostId];
}

/** The host's id of the person whose own entries a reach includes; undefined when it is not about one person. */
export function hostIdOf(reach: Reach): string | undefined {
  return reach.kind === 'own' || reach.kind === 'actions' ? reach.hostId : undefined;
}
