import { filterField } from './filter-fields.ts';
import { parseQuery, type Query } from './query-language.ts';

/** One value as it is written after a colon. */
const operand = /^(?:>=|<=|>|<)?(?:"(?:[^"\\]|\\.)*"|[^\s(),"]+)/su;

/**
 * A query with every session id that it asks for as `hidden` makes it, so that it may be kept where session ids are secrets. All
 * of it is hidden where it is no query. It means the same, except where it had wildcards.
 */
export function withHiddenSessions(text: string, hidden: (sessionId: string) => string): string {
  let query: Query | undefined;
  try {
    query = parseQuery(text);
  } catch {
    return hidden(text);
  }
  const values = query ? sessionValues(query) : [];
  // From the end, so that the places before stay as they are.
  return values.toReversed().reduce((kept, { position, sessionId }) => {
    const [before, after] = [kept.slice(0, position - 1), kept.slice(position - 1)];
    return `${before}${hidden(sessionId)}${after.replace(operand, '')}`;
  }, text);
}

interface SessionValue {
  readonly position: number;
  readonly sessionId: string;
}

function sessionValues(query: Query): readonly SessionValue[] {
  switch (query.kind) {
    case 'and':
    case 'or':
      return query.parts.flatMap(sessionValues);
    case 'not':
      return sessionValues(query.part);
    case 'text':
      return [];
    case 'qualifier':
      if (filterField(query.field)?.scanned !== 'sessionId') return [];
      return query.values.map((value) => ({
        position: value.position,
        sessionId: value.kind === 'between' ? `${value.from}..${value.to}` : value.text,
      }));
  }
}
