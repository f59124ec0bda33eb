import type { JsonObject } from '@bitacora/event';
import type { Caller, Params, ParamValues } from '@bitacora/pack-kit';

export const pageParams: Params = {
  page: { in: 'query', type: 'integer', min: 1, max: 1_000_000, default: 1 },
  page_size: { in: 'query', type: 'integer', min: 1, max: 1_000, default: 20 },
};

export function pageOf(params: ParamValues): { offset: number; limit: number; page: number } {
  const [page, limit] = [Number(params['page'] ?? 1), Number(params['page_size'] ?? 20)];
  return { offset: (page - 1) * limit, limit, page };
}

/** A page as the hosts' clients expect it: links to its neighbours are absolute. */
export function pageAnswer(
  { count, results }: { count: number; results: readonly JsonObject[] },
  params: ParamValues,
  caller: Caller,
): JsonObject {
  const { page, limit, offset } = pageOf(params);
  return {
    count,
    next: offset + limit < count ? pageUrl(caller.url, page + 1) : null,
    previous: page > 1 ? pageUrl(caller.url, page - 1) : null,
    results,
  };
}

function pageUrl(url: string, page: number): string {
  const [path = '', query = ''] = url.split('?');
  const kept = query.split('&').filter((part) => part !== '' && !/^page(=|$)/.test(part));
  // The first page has no number, as the hosts' framework does it.
  const parts = page === 1 ? kept : [...kept, `page=${page}`];
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`;
}
