import type { JsonObject } from '@bitacora/event';
import type { Caller, Params, ValuesOf } from '@bitacora/pack-kit';

export const pageParams = {
  page: { in: 'query', type: 'integer', min: 1, max: 1_000_000, default: 1 },
  page_size: { in: 'query', type: 'integer', min: 1, max: 1_000, default: 20 },
} as const satisfies Params;

type PageValues = ValuesOf<typeof pageParams>;

/** The number of entries before the page. */
export function offsetOf({ page, page_size }: PageValues): number {
  return (page - 1) * page_size;
}

/** A page as the hosts' clients expect it: links to its neighbours are absolute. */
export function pageAnswer(
  { count, results }: { count: number; results: readonly JsonObject[] },
  params: PageValues,
  caller: Caller,
): JsonObject {
  const { page, page_size } = params;
  return {
    count,
    next: page * page_size < count ? pageUrl(caller.url, page + 1) : null,
    previous: page > 1 ? pageUrl(caller.url, page - 1) : null,
    results,
  };
}

function pageUrl(url: string, page: number): string {
  const [path = '', query = ''] = url.split('?');
  const kept = query.split('&').filter((part) => part !== '' && !/^page(=|$)/.test(part));
  // The URL of the first page has no number, as in the hosts' framework.
  const parts = page === 1 ? kept : [...kept, `page=${page}`];
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}
