import type { MapScope } from './map-scope.ts';
import type { Row } from './row.ts';

/**
 * Compiles a text with `{column}` in it. `{#row}` and `{#line}` stand for the row's number and line, `{{` and `}}` for braces.
 * When one of the columns is null, the whole text is undefined. Values that are not texts are written as JSON.
 */
export function compileTemplate(
  template: unknown,
  where: string,
  scope: MapScope,
): (row: Row) => string | undefined {
  if (typeof template !== 'string') throw scope.error(where, 'a text is needed');
  const parts = [...template.matchAll(/\{\{|\}\}|\{([^{}]+)\}|[^{}]+|[{}]/g)].map(([whole, column]) => {
    if (column !== undefined) return compilePlaceholder(column, scope);
    if (whole === '{' || whole === '}') throw scope.error(where, `a lone ${whole} (write ${whole}${whole})`);
    const text = whole === '{{' || whole === '}}' ? whole.charAt(0) : whole;
    return () => text;
  });
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return (row) => {
    let text = '';
    for (const part of parts) {
      const value = part(row);
      if (value === undefined) return undefined;
      text += value;
    }
    return text;
  };
}

function compilePlaceholder(column: string, scope: MapScope): (row: Row) => string | undefined {
  if (column === '#row') return ({ number }) => String(number);
  if (column === '#line') return ({ line }) => String(line);
  scope.uses(column);
  return ({ cells }) => {
    const value = scope.cell(cells, column);
    return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
  };
}
