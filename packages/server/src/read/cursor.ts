import { AuditError } from '../audit-error.ts';
import type { Place } from './place.ts';

/** The entry at which a page begins or ends. It is the same for every store that can answer the page. */
export interface CursorPlace {
  at: number;
  ledger: number;
  index: number;
}

export function encodeCursor(place: Place, backwards: boolean): string {
  return Buffer.from(JSON.stringify([place.at, place.ledger.id, place.index, backwards ? 1 : 0])).toString(
    'base64url',
  );
}

/** @throws invalid_parameter */
export function decodeCursor(cursor: string): { place: CursorPlace; backwards: boolean } {
  const refuse = (): never => {
    throw new AuditError('invalid_parameter', {
      parameter: 'cursor',
      detail: 'cursor must be one from an answer of a search',
    });
  };
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (!Array.isArray(parts) || parts.length !== 4 || !parts.every(Number.isSafeInteger)) return refuse();
    const [at, ledger, index, backwards] = parts.map(Number);
    return { place: { at: at ?? 0, ledger: ledger ?? 0, index: index ?? 0 }, backwards: backwards === 1 };
  } catch {
    return refuse();
  }
}

/** The cursor of the page that follows, or null at the end. */
export function nextCursor(page: {
  last: Place | undefined;
  goOn: Place | undefined;
  more: boolean;
  backwards: boolean;
}): string | null {
  if (page.goOn && !page.backwards) return encodeCursor(page.goOn, false);
  return page.last && page.more ? encodeCursor(page.last, false) : null;
}
