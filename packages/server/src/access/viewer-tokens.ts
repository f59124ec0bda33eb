import { LRUCache } from 'lru-cache';
import { errors, jwtVerify } from 'jose';
import type { ScopeName } from './api-keys.ts';
import type { Caller } from './grants.ts';
import { isRoleName, partOf, together, type GrantPart, type Reach } from './permissions.ts';
import type { Tenants } from './tenants.ts';
import { readTokenParts, type TokenParts } from './token-parts.ts';
import type { ViewerKey, ViewerKeys } from './viewer-keys.ts';

/** The rights that a token of a host application gives to that host's user. */
export interface ViewerRights {
  readonly caller: Caller;
  readonly tenant: number;
  readonly permissions: ReadonlySet<string>;
  readonly reach: Reach;
  readonly grantable: ReadonlySet<ScopeName>;
  readonly ledgerNames: null;
}

export interface ViewerTokens {
  /** Undefined for a token that is malformed, wrongly signed, not yet valid or expired. */
  verify(token: string): Promise<ViewerRights | undefined>;
}

const livesSecondsMax = 3_600;
const skewSeconds = 60;
const nameCharsMax = 200;
const tenantsCachedForMs = 1_000;
const tenantsCachedMax = 10_000;

/**
 * Tokens of hosts for their own users: JWT with `iss sub tenant roles exp` (RFC 7519), signed by a key that the tenant
 * registered. The key decides the algorithm, never the token. `roleOf` looks up the roles that packs define.
 */
export function createViewerTokens(options: {
  keys: ViewerKeys;
  tenants: Tenants;
  roleOf?: (name: string, hostId: string) => GrantPart | undefined;
  clock: () => number;
}): ViewerTokens {
  const { keys, clock } = options;
  const tenantId = createTenantIds(options.tenants, clock);
  return {
    async verify(token) {
      try {
        const parts = readTokenParts(token);
        if (!parts) return undefined;
        const tenant = await tenantId(parts.claims.tenant);
        const key = tenant === undefined ? undefined : await keys.find(tenant, parts.kid);
        if (tenant === undefined || !key) return undefined;
        await jwtVerify(token, key.material, {
          algorithms: [key.algorithm],
          issuer: key.issuer,
          requiredClaims: ['iss', 'sub', 'tenant', 'roles', 'exp'],
          clockTolerance: skewSeconds,
          currentDate: new Date(clock()),
        });
        return rightsOf(parts.claims, { tenant, key, now: clock() / 1_000, roleOf: options.roleOf });
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
        throw error;
      }
    },
  };
}

function rightsOf(
  { sub, roles, exp, iat, nbf, name }: TokenParts['claims'],
  context: {
    tenant: number;
    key: ViewerKey;
    now: number;
    roleOf: ((name: string, hostId: string) => GrantPart | undefined) | undefined;
  },
): ViewerRights | undefined {
  const { tenant, key, now } = context;
  // A token may live for an hour, counted from now and from when it was issued: the host may change the user's rights meanwhile.
  const tooLong =
    exp - now > livesSecondsMax + skewSeconds || exp - (iat ?? nbf ?? now) > livesSecondsMax + skewSeconds;
  const future = (iat ?? 0) > now + skewSeconds || (nbf ?? 0) > now + skewSeconds;
  if (tooLong || future) return undefined;
  const allowed = roles.filter((role) => role !== 'owner' && key.roles?.includes(role) !== false);
  const part = together(
    allowed.flatMap((role) => context.roleOf?.(role, sub) ?? (isRoleName(role) ? partOf(role, sub) : [])),
    sub,
  );
  return {
    caller: {
      kind: 'viewer',
      id: sub,
      // Cut between two characters, never inside one.
      name: (name || sub).slice(0, nameCharsMax).replace(/[\ud800-\udbff]$/, ''),
      roles: allowed,
      hostId: sub,
    },
    tenant,
    permissions: new Set(part.permissions),
    reach: part.reach,
    grantable: new Set(part.permissions.includes('admin') ? ['ingest', 'read', 'tree', 'admin'] : []),
    ledgerNames: null,
  };
}

/**
 * Every request of a viewer names its tenant, so each name is looked up at most once a second. An unknown name is not
 * cached: it may be the name of the tenant that is made next.
 */
function createTenantIds(
  tenants: Tenants,
  clock: () => number,
): (name: string) => Promise<number | undefined> {
  const cache = new LRUCache<string, { id: number; until: number }>({ max: tenantsCachedMax });
  return async (name) => {
    const cached = cache.get(name);
    if (cached && cached.until > clock()) return cached.id;
    const id = (await tenants.find(name))?.id;
    if (id !== undefined) cache.set(name, { id, until: clock() + tenantsCachedForMs });
    return id;
  };
}
