import { cleanText } from './clean-text.ts';
import { requestLimits } from './request-limits.ts';

/** The part of a URL before the query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

/** The URL as received. When it is too long for an event, its query is left out, and then also the end of its path. */
export function recordableUrl(url: string): string {
  const max = requestLimits.urlLengthMaxChars;
  if (url.length <= max) return cleanText(url);
  const path = pathOf(url);
  if (path.length <= max) return cleanText(`${path}?[${url.length - path.length - 1} characters]`);
  const start = path.slice(0, max);
  return cleanText(`${start.slice(0, start.lastIndexOf('/') + 1)}[${url.length} characters]`);
}

/** The parameters of a URL's query by name, a list for a name that comes again; undefined where there are none. Never throws. */
export function queryOf(url: string): Record<string, string | string[]> | undefined {
  const start = url.indexOf('?');
  if (start < 0 || start === url.length - 1) return undefined;
  const query = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    const earlier = query.get(name);
    if (earlier === undefined) query.set(name, value);
    else if (typeof earlier === 'string') query.set(name, [earlier, value]);
    else earlier.push(value);
  }
  return Object.fromEntries(query);
}
