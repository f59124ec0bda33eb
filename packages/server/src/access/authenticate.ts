import { LRUCache } from 'lru-cache';
import { AuditError } from '../audit-error.ts';
import type { ApiKey, ApiKeys, ScopeName } from './api-keys.ts';
import { auditLedgerName, type Caller, type Grant } from './grants.ts';
import { everywhere, type GrantPart, type Reach } from './permissions.ts';
import type { Tenant, Tenants } from './tenants.ts';
import type { ViewerTokens } from './viewer-tokens.ts';

/** What a request brings to say who it is. A header wins over a cookie. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** The value of the session cookie. */
  readonly session: string | undefined;
  /** Where the request comes from. */
  readonly address: string;
}

/** Somebody who signed in, as their session shows them by now. */
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

/** How long another server's new ledgers stay unseen. */
const ledgersCachedForMs = 1_000;
const cachedMax = 10_000;

/** What is behind the credentials, before the tenant's ledgers are looked up. */
interface Rights {
  readonly caller: Caller;
  readonly tenant: number;
  readonly permissions: ReadonlySet<string>;
  readonly reach: Reach;
  readonly grantable: ReadonlySet<ScopeName>;
  readonly ledgerNames: readonly string[] | null;
  readonly addresses?: readonly string[];
}

export function createAccess(options: {
  tenants: Tenants;
  apiKeys: ApiKeys;
  sessions: SignedInSessions;
  viewerTokens: ViewerTokens;
  clock: () => number;
}): Access {
  const { tenants, apiKeys, sessions, viewerTokens, clock } = options;
  const reached = createTenantCache(tenants, clock);
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
      const found = rights && (await reached(rights.tenant));
      if (!rights || !found)
        throw new AuditError('unauthenticated', { detail: 'send Authorization: Bearer <key>, or sign in' });
      const { tenant: _, ...rest } = rights;
      return { ...rest, tenant: found.tenant, ledgers: ledgersOf(rights, found) };
    },
  };
}

type Reached = { tenant: Tenant; ledgers: Grant['ledgers'] };

function createTenantCache(
  tenants: Tenants,
  clock: () => number,
): (id: number) => Promise<Reached | undefined> {
  type Cached = { reached: Reached | undefined; until: number; revision: number };
  const cache = new LRUCache<number, Cached>({ max: cachedMax });
  return async (id) => {
    const known = cache.get(id);
    const revision = tenants.revision();
    if (known && known.until > clock() && known.revision === revision) return known.reached;
    const [ledgers, all] = await Promise.all([tenants.ledgers(id), tenants.list()]);
    const tenant = all.find((candidate) => candidate.id === id);
    const reached = tenant && { tenant, ledgers };
    cache.set(id, { reached, until: clock() + ledgersCachedForMs, revision });
    return reached;
  };
}

/** Who reaches some entries only has no business in the ledger of what was done to Bitácora itself. */
function ledgersOf({ reach, ledgerNames }: Rights, { tenant, ledgers }: Reached): Grant['ledgers'] {
  return ledgers.filter(
    ({ name }) =>
      (ledgerNames === null || ledgerNames.includes(name)) &&
      (reach.kind === 'all' || name !== auditLedgerName(tenant)),
  );
}

/** A key for `read` reads everything of its ledgers, and one for `admin` may do all that keeps a tenant going. */
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
