/**
 * The permissions of the HTTP API and what each one allows. Packs and hosts add names of their own. `export`,
 * `alerts.manage` and `rules.manage` are planned: roles have them already, but no route asks for them yet
 * (docs/planned.md).
 */
export const permissionTable = {
  ingest: 'write events and directory records',
  read: 'search, read and follow the entries that the grant reaches',
  'read.all': 'read everything of the tenant: also its sources, and counts of all entries',
  tree: 'entry bundles: the whole ledger, byte by byte',
  export: 'take entries out as files',
  'alerts.manage': 'change the state of alerts',
  'rules.manage': 'change rules',
  'users.manage': 'invite, change and disable users, end their sessions',
  admin: 'keys, ledgers, viewer keys',
  operator: 'tenants of the whole installation',
} as const;

export type PermissionName = keyof typeof permissionTable;

/** The built-in roles and their permissions. `viewer` and `ingest` are limited to the person's own entries, the others are not. */
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
 * Which entries a caller may read. `own`: those whose actor or subject is the caller, by their id in the host application.
 * `actions`: those with one of these actions; with a `hostId` also the caller's own.
 */
export type Reach =
  | { readonly kind: 'all' }
  | { readonly kind: 'own'; readonly hostId: string }
  | { readonly kind: 'actions'; readonly actions: readonly string[]; readonly hostId?: string }
  | { readonly kind: 'modules'; readonly modules: readonly string[] }
  | { readonly kind: 'subjects'; readonly subjects: readonly string[] };

export const everywhere: Reach = { kind: 'all' };

/** What one role gives, or several roles together. */
export interface GrantPart {
  readonly permissions: readonly string[];
  readonly reach: Reach;
}

/** What a built-in role gives the person whose id in the host application is `hostId`; with '' they have no own entries. */
export function partOf(role: RoleName, hostId: string): GrantPart {
  return {
    permissions: roleTable[role],
    reach: role === 'viewer' || role === 'ingest' ? { kind: 'own', hostId } : everywhere,
  };
}

/** Removes the permissions that show a whole ledger when the caller may read only some of its entries. */
export function permittedWithin(reach: Reach, permissions: readonly string[]): readonly string[] {
  if (reach.kind === 'all') return permissions;
  return permissions.filter((name) => name !== 'read.all' && name !== 'tree');
}

/** What several roles give together: all their permissions, and the widest reach among them. */
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
