/** One piece of a statement. `depth` counts open parentheses and brackets around it. */
export interface SqlToken {
  /** `word`: an unquoted name or keyword. `name`: a quoted one. */
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'parameter' | 'symbol';
  /** A word in lower case, else as written. */
  readonly text: string;
  /** Its first place in the statement; `end` is the place behind its last one. */
  readonly start: number;
  readonly end: number;
  readonly depth: number;
}

// The forms are tried in this order: blanks and comments, quoted forms, parameters, numbers, words, one symbol.
const pattern =
  /(?<blank>\s+|--[^\n]*)|(?<comment>\/\*)|(?<text>[eE]'(?:[^'\\]|\\.|'')*'|(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*'|\$(?<tag>(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[^]*?\$\k<tag>\$)|(?<name>(?:[uU]&)?"(?:[^"]|"")*")|(?<parameter>\$\d+)|(?<number>\d[\w.]*|\.\d[\w]*)|(?<word>[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(?<symbol>[^])/y;

/** Splits one statement; undefined when it does not end as it should, or is several statements. */
export function sqlTokens(sql: string): readonly SqlToken[] | undefined {
  const tokens: SqlToken[] = [];
  let depth = 0;
  let at = 0;
  while (at < sql.length) {
    pattern.lastIndex = at;
    const groups = pattern.exec(sql)?.groups;
    if (!groups) return undefined;
    if (groups['comment'] !== undefined) {
      const end = commentEnd(sql, at);
      if (end === undefined) return undefined;
      at = end;
      continue;
    }
    const start = at;
    at = pattern.lastIndex;
    if (groups['blank'] !== undefined) continue;
    const kind = kinds.find((name) => groups[name] !== undefined) ?? 'symbol';
    const text = sql.slice(start, at);
    if (kind === 'symbol' && (text === ')' || text === ']')) depth -= 1;
    if (depth < 0 || text === "'" || text === '"') return undefined;
    tokens.push({ kind, text: kind === 'word' ? text.toLowerCase() : text, start, end: at, depth });
    if (kind === 'symbol' && (text === '(' || text === '[')) depth += 1;
  }
  while (tokens.at(-1)?.text === ';') tokens.pop();
  return depth !== 0 || tokens.some(({ kind, text }) => kind === 'symbol' && text === ';')
    ? undefined
    : tokens;
}

const kinds = ['text', 'name', 'parameter', 'number', 'word'] as const;

// PostgreSQL's comments nest.
function commentEnd(sql: string, start: number): number | undefined {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let open = 0;
  for (let match = edge.exec(sql); match; match = edge.exec(sql)) {
    open += match[0] === '/*' ? 1 : -1;
    if (open === 0) return edge.lastIndex;
  }
  return undefined;
}
