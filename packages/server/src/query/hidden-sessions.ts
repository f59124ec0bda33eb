import { filterField } from './filter-fields.ts';
import { parseQuery, type Query } from './query-language.ts';

/** One value as it is written after a colon. */
const operand = /^(?:>=|<=|>|<)?(?:"(?:[^"\\]|\\.)*"|[^\s(),"]+)/su;

/**
 * The query with every session id replaced by `hidden`, so that it may be stored although session ids are secrets. A text
 * that cannot be parsed as a query is hidden as a whole. The new query finds the same entries, unless a session id had
 * wildcards.
 */
export function withHiddenSessions(text: string, hidden: (sessionId: string) => string): string {
  let query: Query | undefined;
  try {
    query = parseQuery(text);
  } catch {
    return hidden(text);
  }
  const values = query ? sessionValues(query) : [];
  // The last value is replaced first, so that the positions of the values before it stay right.
  return values.toReversed().reduce((rewritten, { position, sessionId }) => {
    const before = rewritten.slice(0, position - 1);
    const after = rewritten.slice(position - 1);
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
