import type { JsonValue } from '@bitacora/event';

/**
 * Paths of attributes and context by which one event is found. A host names them as it likes, so without a limit one tenant
 * could fill the index, which all tenants share, with keys that nobody asks for. Values beyond it are found by text.
 */
export const ownPathsMax = 128;

/** Scalars below an object with their dotted paths; elements of a list share its path. */
export function eachLeaf(
  path: string,
  value: JsonValue | undefined,
  visit: (path: string, value: string) => void,
): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null) visit(path, String(value));
  else if (Array.isArray(value)) for (const inner of value) eachLeaf(path, inner as JsonValue, visit);
  else
    for (const [key, inner] of Object.entries(value)) eachLeaf(`${path}.${key}`, inner as JsonValue, visit);
}

/** The distinct paths of attributes and context. */
export function ownPathsOf(event: {
  readonly attributes?: JsonValue | undefined;
  readonly context?: JsonValue | undefined;
}): Set<string> {
  const paths = new Set<string>();
  for (const field of ['attributes', 'context'] as const)
    eachLeaf(field, event[field], (path) => paths.add(path));
  return paths;
}
