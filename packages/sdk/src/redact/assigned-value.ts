/** Where a value is in a text, without its quotes: `from` is its first place, `to` the place behind its last one. */
export interface AssignedValue {
  readonly from: number;
  readonly to: number;
}

const benign =
  /^(?:required|invalid|incorrect|wrong|missing|expired|empty|none|null|nil|undefined|true|false|yes|no|not|must|should|cannot|can't|is|was|has|may|will|too|denied|granted|changed|updated|reset|sent|revoked|unknown|unset|unchanged|optional|redacted|hidden|masked|mismatch|ok|failed|failure|valid|weak|strong|obligatoria|incorrecta|inválida|caducada|requerida|неверный|обязателен|String|ID|Int|Boolean|string|number|boolean)(?![\p{L}\p{N}_@$!%^&*#-])/u;
const standIn =
  /^(?:\*{2,}|•{2,}|x{4,}$|\[?redacted|\[redacted|<[\w -]+>|\$\{[^}]*\}|\{\{[^}]*\}\}|%[sdo]\b|\?+$)/i;
const graphqlType = /^\[?(?:String|ID|Int|Float|Boolean|JSON)(?!\w)[\]!]*\s*(?:=\s*)?/;

/**
 * Finds the value that follows a separator at `at` (the first character behind it), as it is written in URLs, forms,
 * JSON, YAML, SQL, GraphQL, connection strings, command lines, headers and prose. Undefined where no secret can be there.
 */
export function assignedValue(text: string, at: number, wholeLine: boolean): AssignedValue | undefined {
  let from = skipBlank(text, at);
  const type = graphqlType.exec(text.slice(from, from + 40));
  if (type !== null) {
    if (!type[0].includes('=')) return undefined;
    from += type[0].length;
  }
  const quote = /^\\*["'`]/.exec(text.slice(from, from + 8))?.[0];
  const value = quote === undefined ? bareValue(text, from, wholeLine) : quotedValue(text, from, quote);
  const written = text.slice(value.from, value.to);
  if (written === '' || standIn.test(written) || (quote === undefined && benign.test(written)))
    return undefined;
  return value;
}

function skipBlank(text: string, at: number): number {
  let from = at;
  while (from < text.length && (text[from] === ' ' || text[from] === '\t')) from++;
  return from;
}

function quotedValue(text: string, from: number, quote: string): AssignedValue {
  const start = from + quote.length;
  const sign = quote.slice(-1);
  for (let to = start; to < text.length; to++) {
    if (text[to] === '\\' && quote.length === 1) to++;
    else if (text.startsWith(quote, to)) {
      // In SQL a quote within quotes is written twice.
      if (sign === "'" && text[to + 1] === "'" && quote.length === 1) to++;
      else return { from: start, to };
    }
  }
  return { from: start, to: text.length };
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

function bareValue(text: string, from: number, wholeLine: boolean): AssignedValue {
  const close = closing[text[from] ?? ''];
  if (close !== undefined) {
    const end = text.indexOf(close, from);
    return { from: from + 1, to: end < 0 ? text.length : end };
  }
  const end = wholeLine ? lineEnd(text, from) : wordEnd(text, from);
  let to = end;
  // A closing bracket without an opening one in the value belongs to the text around it.
  while (to > from && /[)\]}.]/.test(text[to - 1] ?? '') && !/[([{]/.test(text.slice(from, to - 1))) to--;
  return { from, to };
}

function lineEnd(text: string, from: number): number {
  const length = text.slice(from).search(/[\r\n"'\\]/);
  return length < 0 ? text.length : from + length;
}

const nextPair = /^[&;,]\s*["']?[\w.[\]%$-]+["']?\s*[=:]/;

// A password may hold & ; and , itself: they end it only where another name or a blank follows.
function wordEnd(text: string, from: number): number {
  let to = from;
  for (; to < text.length; to++) {
    const sign = text[to] ?? '';
    if (/[\s"'<>]/.test(sign)) break;
    if (sign !== '&' && sign !== ';' && sign !== ',') continue;
    const next = text[to + 1];
    if (next === undefined || /[\s"']/.test(next) || nextPair.test(text.slice(to, to + 80))) break;
  }
  return to;
}
