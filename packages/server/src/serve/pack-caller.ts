import { languages, type AnyPack, type Caller, type Language } from '@bitacora/pack-kit';
import { requireScope, type Grant } from '../access/index.ts';
import type { Call } from './route.ts';

/** Who asks, as a pack's plan sees him. */
export function callerOf({ grant, request }: Call, { zone, now }: { zone: string; now: number }): Caller {
  return {
    id: grant.key.name,
    name: grant.key.name,
    roles: [],
    permissions: [...grant.scopes, ...(grant.scopes.has('read') ? ['read.all'] : [])],
    language: languageOf(request.headers['accept-language']),
    timeZone: zone,
    today: dayOf(now, zone),
    url: new URL(request.url, `${request.protocol}://${request.host}`).href,
  };
}

/** An API key holds every permission of what its scopes reach. @throws forbidden */
export function requirePackPermission(
  grant: Grant,
  { method }: { pack: AnyPack; method: string; permission: string },
): void {
  requireScope(grant, method === 'GET' ? 'read' : 'ingest');
}

/** The day of a moment in a zone, `2026-03-31`. */
function dayOf(at: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return format.format(at);
}

/** The first language of the header that packs speak; English otherwise. */
export function languageOf(header: string | undefined): Language {
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const found = languages.find((language) => part.trim().startsWith(language));
    if (found) return found;
  }
  return 'en';
}
