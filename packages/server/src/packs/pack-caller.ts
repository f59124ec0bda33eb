import { dayIn, languages, type AnyPack, type Caller, type Language } from '@bitacora/pack-kit';
import { requirePermission, type Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Call } from '../http/index.ts';

/** Who asks, as a pack's plan sees him. */
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

/** What was asked for, absolute. @throws invalid_parameter for a header Host that names no host */
function urlOf({ url, protocol, host }: Call['request']): string {
  const base = `${protocol}://${host}`;
  if (URL.canParse(url, base)) return new URL(url, base).href;
  throw new AuditError('invalid_parameter', { parameter: 'host', detail: 'the header Host names no host' });
}

/**
 * A pack's roles give its permissions by name. Beside them an API key holds every permission of what its scopes reach, and
 * people with a built-in role read where they may read everything, and write as administrators. @throws forbidden
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

/** The first language of the header that packs speak; English otherwise. */
export function languageOf(header: string | undefined): Language {
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const found = languages.find((language) => part.trim().startsWith(language));
    if (found) return found;
  }
  return 'en';
}
