import { z } from 'zod';
import { requireWhole, type ViewerKey, type ViewerKeys } from '../../access/index.ts';
import { AuditError } from '../../audit-error.ts';
import type { PersonActs } from './person-acts.ts';
import type { Call, Route } from '../../http/index.ts';

const json = 'application/json; charset=utf-8';
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

/** Keys by which host applications vouch for their own users. */
export function viewerKeyRoutes({ viewerKeys, acts }: { viewerKeys: ViewerKeys; acts: PersonActs }): Route[] {
  const report = (call: Call, action: string, operation: 'update' | 'delete'): Promise<void> =>
    acts.reportOf(call.request, call.grant, {
      action,
      operation,
      targets: [{ type: 'viewer_key', id: call.params['kid'] ?? '' }],
    });
  return [
    {
      method: 'GET',
      path: '/v1/viewer-keys',
      summary: 'The keys of host applications that sign tokens for their own users',
      scope: 'admin',
      answer: { status: 200, mediaType: json, schema: z.object({ viewerKeys: z.array(viewerKeyView) }) },
      async handle({ grant }) {
        requireWhole(grant);
        return { viewerKeys: (await viewerKeys.list(grant.tenant.id)).map(shown) };
      },
    },
    {
      method: 'PUT',
      path: '/v1/viewer-keys/{kid}',
      summary: 'Register a key: an Ed25519 public key, or a shared secret for HS256',
      scope: 'admin',
      body: viewerKeyInput,
      answer: { status: 200, mediaType: json, schema: viewerKeyView },
      async handle(call) {
        const { grant, params } = call;
        requireWhole(grant);
        // Its tokens reach all ledgers and may name any role: only who has all of that vouches for others.
        const lacking = ['read', 'read.all', 'admin'].find((one) => !grant.permissions.has(one));
        if (lacking !== undefined || grant.ledgerNames !== null)
          throw new AuditError('forbidden', { detail: 'this needs admin and read on all ledgers' });
        // And they are taken from anywhere: a way around the networks of the key that made it.
        if (grant.addresses !== undefined)
          throw new AuditError('forbidden', { detail: 'this needs a key that is taken from any network' });
        const made = await viewerKeys.put(
          grant.tenant.id,
          params['kid'] ?? '',
          call.body as z.infer<typeof viewerKeyInput>,
        );
        await report(call, 'viewer_key.put', 'update');
        return shown(made);
      },
    },
    {
      method: 'DELETE',
      path: '/v1/viewer-keys/{kid}',
      summary: 'Forget a key: its tokens end everywhere within two seconds',
      scope: 'admin',
      answer: { status: 204, mediaType: json },
      async handle(call) {
        requireWhole(call.grant);
        await viewerKeys.remove(call.grant.tenant.id, call.params['kid'] ?? '');
        await report(call, 'viewer_key.remove', 'delete');
        return call.reply.code(204).send();
      },
    },
  ];
}

function shown({ kid, issuer, algorithm, roles, createdAt }: ViewerKey): z.infer<typeof viewerKeyView> {
  return { kid, issuer, algorithm, roles, createdAt: new Date(createdAt).toISOString() };
}
