import { dayIn, languages, type AnyPack, type Caller, type Language } from '@bitacora/pack-kit';
import { requirePermission, type Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Call } from '../http/index.ts';

/** The caller of a request, in the form that a pack's plan gets. */
export function callerOf({ grant, request }: Call, { zone, now }: { zone: string; now: number }): Caller {
  return {
    id: grant.caller.hostId ?? (grant.caller.kind === 'key' ? grant.caller.name : grant.caller.id),
    name: grant.caller.name,
    roles: grant.caller.roles,
    permissions: [...grant.permissions],
    language: languageOf(request.headers['accept-language']),
    timeZone: zone,
    today: dayIn(zone, now),
    url: urlOf(request),
  };
}

/** The absolute URL of the request. @throws invalid_parameter when the header Host names no host */
function urlOf({ url, protocol, host }: Call['request']): string {
  const base = `${protocol}://${host}`;
  if (URL.canParse(url, base)) return new URL(url, base).href;
  throw new AuditError('invalid_parameter', { parameter: 'host', detail: 'the header Host names no host' });
}

/**
 * A role of the pack gives permissions of the pack by name. Without such a role, an API key may read with the scope `read`
 * and write with the scope `ingest`; people with a built-in role may read when they may read everything, and write when
 * they are administrators. @throws forbidden
 */
export function requirePackPermission(
  grant: Grant,
  { pack, method, permission }: { pack: AnyPack; method: string; permission: string },
): void {
  const { roles, kind } = grant.caller;
  const given = roles.some(
    (role) => Object.hasOwn(pack.roles ?? {}, role) && pack.roles?.[role]?.includes(permission) === true,
  );
  if (given) return;
  const reads = method === 'GET';
  if (kind === 'key') return requirePermission(grant, reads ? 'read' : 'ingest');
  if (!grant.permissions.has(reads ? 'read.all' : 'admin')) requirePermission(grant, permission);
}

/** The first language of the header that is a language of packs; English otherwise. */
export function languageOf(header: string | undefined): Language {
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const match = languages.find((language) => part.trim().startsWith(language));
    if (match) return match;
  }
  return 'en';
}
