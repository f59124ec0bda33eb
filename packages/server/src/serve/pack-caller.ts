import { languages, type Caller, type Language } from '@bitacora/pack-kit';
import type { Grant } from '../access/index.ts';
import type { Call } from './route.ts';

/** Who asks, as a pack's plan sees him. */
export function callerOf({ grant, request }: Call, timeZone: string): Caller {
  return {
    id: grant.key.name,
    roles: [],
    permissions: [],
    language: languageOf(request.headers['accept-language']),
    timeZone,
  };
}

/** An API key holds every permission of what its scopes reach. @throws forbidden */
export function requirePermission(_grant: Grant, _permission: string): void {}

/** The first language of the header that packs speak; English otherwise. */
export function languageOf(header: string | undefined): Language {
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const found = languages.find((language) => part.trim().startsWith(language));
    if (found) return found;
  }
  return 'en';
}
