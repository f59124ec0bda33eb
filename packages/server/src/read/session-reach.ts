import type { Grant } from '../access/index.ts';

/** The only actors whose sessions a grant reaches; null: all. */
export function ownActors(_grant: Grant, _pseudonym: (id: string) => string): readonly string[] | null {
  return null;
}
