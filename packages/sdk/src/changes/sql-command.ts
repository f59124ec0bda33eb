import { sqlTokens } from './sql-tokens.ts';

/** A statement and its values, `$1` the first. */
export interface SqlCommand {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Makes a command of pieces of another statement, with only the values that the pieces name: PostgreSQL refuses further ones. */
export function partOf(text: string, values: readonly unknown[]): SqlCommand {
  const kept: unknown[] = [];
  const places = new Map<string, string>();
  let renumbered = '';
  let at = 0;
  for (const { kind, text: parameter, start, end } of sqlTokens(text) ?? []) {
    if (kind !== 'parameter') continue;
    let place = places.get(parameter);
    if (place === undefined) {
      kept.push(values[Number(parameter.slice(1)) - 1]);
      place = `$${kept.length}`;
      places.set(parameter, place);
    }
    renumbered += text.slice(at, start) + place;
    at = end;
  }
  return { text: renumbered + text.slice(at), values: kept };
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
