/** What a caller of the HTTP API may be permitted by name. Packs and hosts add names of their own. */
export const permissionTable = {
  ingest: 'write events and directory records',
  read: 'search, read and follow the entries that the grant reaches',
  'read.all': 'nothing is hidden by scope: also sources, and counts of all',
  tree: 'entry bundles: the whole ledger, byte by byte',
  export: 'take entries out as files',
  'alerts.manage': 'change the state of alerts',
  'rules.manage': 'change rules',
  'users.manage': 'invite, change and disable users, end their sessions',
  admin: 'keys, ledgers, viewer keys',
  operator: 'tenants of the whole installation',
} as const;

export type PermissionName = keyof typeof permissionTable;

/** The built-in roles and what each is permitted; all reach everything but `viewer`, who reaches his own. */
export const roleTable = {
  owner: ['read', 'read.all', 'tree', 'export', 'alerts.manage', 'rules.manage', 'users.manage', 'admin'],
  administrator: [
    'read',
    'read.all',
    'tree',
    'export',
    'alerts.manage',
    'rules.manage',
    'users.manage',
    'admin',
  ],
  auditor: ['read', 'read.all', 'tree', 'export'],
  analyst: ['read', 'read.all', 'export', 'alerts.manage', 'rules.manage'],
  viewer: ['read'],
  ingest: ['ingest'],
} as const satisfies Record<string, readonly PermissionName[]>;

export type RoleName = keyof typeof roleTable;

export const roleNames = ['owner', 'administrator', 'auditor', 'analyst', 'viewer', 'ingest'] as const;

export function isRoleName(name: string): name is RoleName {
  return Object.hasOwn(roleTable, name);
}

export function isPermissionName(name: string): name is PermissionName {
  return Object.hasOwn(permissionTable, name);
}

/**
 * Which entries a grant reaches. `own`: actor or subject is the caller's id in the host application. `actions`: those of
 * packs, and beside them the caller's own where it has a `hostId`.
 */
export type Reach =
  | { readonly kind: 'all' }
  | { readonly kind: 'own'; readonly hostId: string }
  | { readonly kind: 'actions'; readonly actions: readonly string[]; readonly hostId?: string }
  | { readonly kind: 'modules'; readonly modules: readonly string[] }
  | { readonly kind: 'subjects'; readonly subjects: readonly string[] };

export const everywhere: Reach = { kind: 'all' };

/** What one role, a pack's name for one, or several together give. */
export interface GrantPart {
  readonly permissions: readonly string[];
  readonly reach: Reach;
}

/** The part that a built-in role gives a person known to the host as `hostId`; '' has no entries of his own. */
export function partOf(role: RoleName, hostId: string): GrantPart {
  return {
    permissions: roleTable[role],
    reach: role === 'viewer' || role === 'ingest' ? { kind: 'own', hostId } : everywhere,
  };
}

/** Whoever reaches some entries only is never shown a whole ledger, whatever else was given. */
export function permittedWithin(reach: Reach, permissions: readonly string[]): readonly string[] {
  if (reach.kind === 'all') return permissions;
  return permissions.filter((name) => name !== 'read.all' && name !== 'tree');
}

/** Of several roles the widest reach counts, and every permission. */
export function together(parts: readonly GrantPart[], hostId: string): GrantPart {
  const reaches = parts.map((part) => part.reach);
  const actions = reaches.flatMap((reach) => (reach.kind === 'actions' ? reach.actions : []));
  const own = reaches.some(
    (reach) => reach.kind === 'own' || (reach.kind === 'actions' && 'hostId' in reach),
  );
  const reach: Reach = reaches.some(({ kind }) => kind === 'all')
    ? everywhere
    : actions.length > 0
      ? { kind: 'actions', actions, ...(own ? { hostId } : {}) }
      : { kind: 'own', hostId };
  const permissions = permittedWithin(
    reach,
    parts.flatMap((part) => part.permissions),
  );
  return { permissions, reach };
}
