import { z } from 'zod';
import {
  isRoleName,
  requireTenant,
  roleTable,
  type Grant,
  type ViewerKey,
  type ViewerKeys,
} from '../../access/index.ts';
import { AuditError } from '../../audit-error.ts';
import { defineRoute, jsonAnswer, noContent, type Call, type Route } from '../../http/index.ts';
import type { PersonActs } from './person-acts.ts';

const kidParams = z.object({ kid: z.string() });
const viewerKeyView = z.object({
  kid: z.string(),
  issuer: z.string(),
  algorithm: z.enum(['EdDSA', 'HS256']),
  roles: z.array(z.string()).nullable(),
  createdAt: z.string(),
});
const viewerKeyInput = z.strictObject({
  issuer: z.string().min(1).max(500),
  algorithm: z.enum(['EdDSA', 'HS256']),
  key: z.string().min(1).max(4_000),
  roles: z.array(z.string().min(1).max(100)).max(100).nullable().default(null),
});

interface ViewerKeyRouteOptions {
  viewerKeys: ViewerKeys;
  acts: PersonActs;
}

/** Keys by which host applications vouch for their own users. */
export function viewerKeyRoutes(options: ViewerKeyRouteOptions): Route[] {
  return [viewerKeysRoute(options), putViewerKeyRoute(options), removeViewerKeyRoute(options)];
}

function viewerKeysRoute({ viewerKeys }: ViewerKeyRouteOptions): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/viewer-keys',
    summary: 'The keys of host applications that sign tokens for their own users',
    permission: 'admin',
    answer: jsonAnswer(z.object({ viewerKeys: z.array(viewerKeyView) })),
    async handle({ grant }) {
      requireTenant(grant);
      return { viewerKeys: (await viewerKeys.list(grant.tenant.id)).map(shownViewerKey) };
    },
  });
}

function putViewerKeyRoute({ viewerKeys, acts }: ViewerKeyRouteOptions): Route {
  return defineRoute({
    method: 'PUT',
    path: '/v1/viewer-keys/{kid}',
    summary: 'Register a key: an Ed25519 public key, or a shared secret for HS256',
    permission: 'admin',
    params: kidParams,
    body: viewerKeyInput,
    answer: jsonAnswer(viewerKeyView),
    async handle({ grant, request, params, body }) {
      requireVoucher(grant, body.roles);
      const viewerKey = await viewerKeys.put(grant.tenant.id, params.kid, body);
      await report(acts, { grant, request, params }, { action: 'viewer_key.put', operation: 'update' });
      return shownViewerKey(viewerKey);
    },
  });
}

function removeViewerKeyRoute({ viewerKeys, acts }: ViewerKeyRouteOptions): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/v1/viewer-keys/{kid}',
    summary: 'Remove a key; its tokens are refused everywhere within two seconds',
    permission: 'admin',
    params: kidParams,
    answer: noContent,
    async handle({ grant, request, params, reply }) {
      requireTenant(grant);
      await viewerKeys.remove(grant.tenant.id, params.kid);
      await report(acts, { grant, request, params }, { action: 'viewer_key.remove', operation: 'delete' });
      return reply.code(204).send();
    },
  });
}

/**
 * Tokens of a viewer key reach all ledgers, and the server accepts them from every network. They may name the roles that the
 * key lists; without a list, every role but owner. A role of a pack may hold any built-in one. So a caller who registers a key
 * must have all that its tokens could have. @throws forbidden
 */
function requireVoucher(grant: Grant, roles: readonly string[] | null): void {
  requireTenant(grant);
  if (grant.addresses !== undefined || grant.expiresAt !== undefined)
    throw new AuditError('forbidden', {
      detail: 'this needs a key that is valid in every network and does not end',
    });
  if (roles?.includes('owner'))
    throw new AuditError('forbidden', { parameter: 'roles', detail: 'no token makes anybody an owner' });
  const everything = [...roleTable.owner, ...roleTable.ingest];
  const needed = roles
    ? roles.flatMap((name) => (isRoleName(name) ? roleTable[name] : everything))
    : everything;
  const has = (permission: string): boolean =>
    grant.permissions.has(permission) || [...grant.grantable].some((scope) => scope === permission);
  const missing = needed.find((permission) => !has(permission));
  if (missing !== undefined)
    throw new AuditError('forbidden', {
      parameter: 'roles',
      detail: `you lack the permission ${missing} yourself`,
    });
}

function report(
  acts: PersonActs,
  { grant, request, params }: Pick<Call<{ readonly kid: string }>, 'grant' | 'request' | 'params'>,
  act: { readonly action: string; readonly operation: 'update' | 'delete' },
): Promise<void> {
  return acts.reportOf(request, grant, { ...act, targets: [{ type: 'viewer_key', id: params.kid }] });
}

function shownViewerKey(key: ViewerKey): z.infer<typeof viewerKeyView> {
  const { kid, issuer, algorithm, roles, createdAt } = key;
  return { kid, issuer, algorithm, roles, createdAt: new Date(createdAt).toISOString() };
}
