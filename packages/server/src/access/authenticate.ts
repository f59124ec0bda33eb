import { LRUCache } from 'lru-cache';
import { AuditError } from '../audit-error.ts';
import type { ApiKey, ApiKeys, ScopeName } from './api-keys.ts';
import { auditLedgerName, type Caller, type Grant } from './grants.ts';
import { everywhere, type GrantPart, type Reach } from './permissions.ts';
import type { Tenant, Tenants } from './tenants.ts';
import type { ViewerTokens } from './viewer-tokens.ts';

/** The credentials in a request. When it has a header and a cookie, the header counts and the cookie is ignored. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** The value of the session cookie. */
  readonly session: string | undefined;
  /** Where the request comes from. */
  readonly address: string;
}

/** A person who signed in, with the rights that they have now. */
export interface SignedInPerson {
  readonly user: {
    readonly id: string;
    readonly tenant: number;
    readonly name: string;
    readonly email: string;
    readonly role: string;
    readonly hostId: string | null;
    readonly ledgers: readonly string[] | null;
  };
  readonly session: { readonly id: string; readonly csrf: string };
  readonly part: GrantPart;
}

export interface SignedInSessions {
  /** Undefined when the session is over. */
  authenticate(secret: string): Promise<SignedInPerson | undefined>;
}

export interface Access {
  /** @throws unauthenticated */
  authenticate(credentials: Credentials): Promise<Grant>;
}

/** How long a ledger that another server made may stay unseen. */
const ledgersCachedForMs = 1_000;
const cachedMax = 10_000;

/** The rights that the credentials give, before the tenant's ledgers are read. */
interface Rights {
  readonly caller: Caller;
  readonly tenant: number;
  readonly permissions: ReadonlySet<string>;
  readonly reach: Reach;
  readonly grantable: ReadonlySet<ScopeName>;
  readonly ledgerNames: readonly string[] | null;
  readonly addresses?: readonly string[];
  readonly expiresAt?: number;
}

export function createAccess(options: {
  tenants: Tenants;
  apiKeys: ApiKeys;
  sessions: SignedInSessions;
  viewerTokens: ViewerTokens;
  clock: () => number;
}): Access {
  const { tenants, apiKeys, sessions, viewerTokens, clock } = options;
  const tenantOf = createTenantCache(tenants, clock);
  const rightsOf = async ({ authorization, session, address }: Credentials): Promise<Rights | undefined> => {
    if (authorization === undefined) {
      const signedIn = session === undefined ? undefined : await sessions.authenticate(session);
      return signedIn && sessionRights(signedIn);
    }
    const secret = /^(?:bearer|token) +(\S+)$/i.exec(authorization)?.[1];
    if (secret === undefined) return undefined;
    if (secret.split('.').length === 3) return viewerTokens.verify(secret);
    const key = await apiKeys.authenticate(secret, address);
    return key && keyRights(key);
  };
  return {
    async authenticate(credentials) {
      const rights = await rightsOf(credentials);
      const tenantLedgers = rights && (await tenantOf(rights.tenant));
      if (!rights || !tenantLedgers)
        throw new AuditError('unauthenticated', { detail: 'send Authorization: Bearer <key>, or sign in' });
      const { tenant: _, ...rest } = rights;
      return { ...rest, tenant: tenantLedgers.tenant, ledgers: ledgersOf(rights, tenantLedgers) };
    },
  };
}

type TenantLedgers = { tenant: Tenant; ledgers: Grant['ledgers'] };

function createTenantCache(
  tenants: Tenants,
  clock: () => number,
): (id: number) => Promise<TenantLedgers | undefined> {
  type Cached = { value: TenantLedgers; until: number; revision: number };
  const cache = new LRUCache<number, Cached>({ max: cachedMax });
  return async (id) => {
    const cached = cache.get(id);
    const revision = tenants.revision();
    if (cached && cached.until > clock() && cached.revision === revision) return cached.value;
    const [ledgers, all] = await Promise.all([tenants.ledgers(id), tenants.list()]);
    const tenant = all.find((candidate) => candidate.id === id);
    if (!tenant) return undefined;
    const value = { tenant, ledgers };
    cache.set(id, { value, until: clock() + ledgersCachedForMs, revision });
    return value;
  };
}

/** The ledgers of a grant. A caller who may read only some entries gets no access to the audit ledger. */
function ledgersOf({ reach, ledgerNames }: Rights, { tenant, ledgers }: TenantLedgers): Grant['ledgers'] {
  return ledgers.filter(
    ({ name }) =>
      (ledgerNames === null || ledgerNames.includes(name)) &&
      (reach.kind === 'all' || name !== auditLedgerName(tenant)),
  );
}

/** A key with the scope `read` reads all entries of its ledgers. A key with `admin` also gets what administrators may do. */
function keyRights(key: ApiKey): Rights {
  const permissions = new Set<string>(key.scopes);
  if (permissions.has('read')) for (const more of ['read.all', 'export']) permissions.add(more);
  if (permissions.has('admin'))
    for (const more of ['users.manage', 'alerts.manage', 'rules.manage']) permissions.add(more);
  return {
    caller: { kind: 'key', id: key.id, name: key.name, roles: [] },
    tenant: key.tenant,
    permissions,
    reach: everywhere,
    grantable: new Set(key.scopes),
    ledgerNames: key.ledgers,
    ...(key.addresses === null ? {} : { addresses: key.addresses }),
    ...(key.expiresAt === null ? {} : { expiresAt: key.expiresAt }),
  };
}

function sessionRights({ user, session, part }: SignedInPerson): Rights {
  const permissions = new Set(part.permissions);
  const grantable: ScopeName[] = permissions.has('admin') ? ['ingest', 'read', 'tree', 'admin'] : [];
  if (permissions.has('operator')) grantable.push('operator');
  return {
    caller: {
      kind: 'session',
      id: user.id,
      name: user.name,
      email: user.email,
      roles: [user.role],
      ...(user.hostId === null ? {} : { hostId: user.hostId }),
      session,
    },
    tenant: user.tenant,
    permissions,
    reach: part.reach,
    grantable: new Set(grantable),
    ledgerNames: user.ledgers,
  };
}
