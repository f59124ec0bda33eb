import { expressAnswer, type RoutedRequest } from '../request/express-answer.ts';

/**
 * Makes the function that returns, after the answer, the route that answered. Express resets the path of a nested router and
 * its parameters when a handler throws or calls `next`, so the values of the router are kept here. A parameter in the path of
 * a nested router is shown by its name, as in the route's own pattern.
 */
export function watchRoute(request: RoutedRequest): () => ReturnType<typeof expressAnswer> {
  // When the middleware is in the chain twice, the outer one keeps watching.
  if (Object.getOwnPropertyDescriptor(request, 'route')?.set) return () => expressAnswer(request);
  let { route, params } = request;
  let matched: RoutedRequest | undefined;
  let isRouteNew = false;
  const names = new Map<string, string>();
  // The router sets the route, and its parameters right after it.
  watchMember(request, 'route', {
    get: () => route,
    set(value) {
      // The route sets itself again when it begins.
      if (route === value) return;
      route = value;
      isRouteNew = true;
      matched = { route, baseUrl: patternOf(request.baseUrl, names) };
    },
  });
  watchMember(request, 'params', {
    get: () => params,
    set(value) {
      params = value;
      if (isRouteNew) matched = { ...matched, params };
      else for (const [name, text] of Object.entries(Object(params))) names.set(String(text), name);
      isRouteNew = false;
    },
  });
  return () => ({ ...expressAnswer(matched ?? request), body: () => request.body });
}

function watchMember(
  request: RoutedRequest,
  name: 'route' | 'params',
  member: { readonly get: () => unknown; readonly set: (value: unknown) => void },
): void {
  Object.defineProperty(request, name, { ...member, configurable: true, enumerable: true });
}

function patternOf(baseUrl: unknown, names: ReadonlyMap<string, string>): string {
  const base = typeof baseUrl === 'string' ? baseUrl : '';
  return base.replaceAll(/[^/]+/g, (segment) => {
    const name = names.get(decoded(segment));
    return name === undefined ? segment : `:${name}`;
  });
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
