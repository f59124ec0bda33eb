import { AuditError } from '../audit-error.ts';
import type { RowAccess } from '../storage/index.ts';
import type { ScopeName } from './api-keys.ts';
import type { Reach } from './permissions.ts';
import type { Ledger, Tenant } from './tenants.ts';

/** Who calls: an API key, a person who signed in, or a host application's own user by a token that it signed. */
export interface Caller {
  readonly kind: 'key' | 'session' | 'viewer' | 'nobody';
  /** Of the key, the user, or the host's user. */
  readonly id: string;
  readonly name: string;
  readonly email?: string;
  /** Names of roles as they were given: built-in ones, or a pack's. */
  readonly roles: readonly string[];
  /** The id that the host application knows the caller by. */
  readonly hostId?: string;
  /** Of a person who signed in. */
  readonly session?: { readonly id: string; readonly csrf: string };
}

/** Who calls, and what they may touch. Every stage gets its tenant and ledgers from here, never from a parameter. */
export interface Grant {
  caller: Caller;
  tenant: Tenant;
  /** Built-in names (permissionTable) and those of packs and hosts. */
  permissions: ReadonlySet<string>;
  /** Which entries of its ledgers it reaches. */
  reach: Reach;
  /** Scopes that keys may have which the caller makes. */
  grantable: ReadonlySet<ScopeName>;
  /** The ledgers it may touch, the default one first. */
  ledgers: readonly Ledger[];
  /** Names of the only ledgers it may touch; null: all of its tenant, also those made later. */
  ledgerNames: readonly string[] | null;
  /** Networks that the caller's key is taken from; absent: any. Keys that it makes are taken from no other. */
  addresses?: readonly string[];
}

/** The grant of routes that are open to everybody: it reaches nothing. */
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

/** What shows more than a caller's own entries, such as the size of a tree. @throws forbidden */
export function requireWhole(grant: Grant): void {
  if (grant.reach.kind === 'all') return;
  throw new AuditError('forbidden', { detail: 'this needs a grant for whole ledgers' });
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

export function rowAccessOf(grant: Grant, ledgers: readonly Ledger[] = grant.ledgers): RowAccess {
  const scope = { tenant: grant.tenant.id, ledgers: ledgers.map((ledger) => ledger.id) };
  const records = recordsOf(grant.reach);
  return records ? { ...scope, records } : scope;
}

/** Ids of the only directory records that a reach includes. */
export function recordsOf(reach: Reach): readonly string[] | undefined {
  if (reach.kind === 'all') return undefined;
  if (reach.kind === 'subjects') return reach.subjects;
  const hostId = hostIdOf(reach);
  return hostId === undefined ? [] : [hostId];
}

/** The caller whose own things a reach includes; undefined: nobody's as such. */
export function hostIdOf(reach: Reach): string | undefined {
  return reach.kind === 'own' || reach.kind === 'actions' ? reach.hostId : undefined;
}
