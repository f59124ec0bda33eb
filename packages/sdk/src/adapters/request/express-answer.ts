import type { Answer } from './incoming-request.ts';

/** The members that Express's router sets on a request, also below NestJS. */
export interface RoutedRequest {
  readonly baseUrl?: unknown;
  readonly route?: unknown;
  readonly params?: unknown;
  readonly body?: unknown;
}

export function expressAnswer(request: RoutedRequest): Pick<Answer, 'route' | 'params' | 'body'> {
  const { route, baseUrl, params } = request;
  const path = typeof route === 'object' && route !== null && 'path' in route ? route.path : undefined;
  const pattern = typeof path === 'string' || path instanceof RegExp ? String(path) : undefined;
  return {
    route: pattern === undefined ? undefined : `${typeof baseUrl === 'string' ? baseUrl : ''}${pattern}`,
    params,
    body: () => request.body,
  };
}
