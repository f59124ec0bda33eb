import { expressAnswer, type RoutedRequest } from '../request/express-answer.ts';

/**
 * Tells, when the answer is over, by which route it was answered. Express takes the path of a nested router and its parameters
 * back when a handler throws or passes on, so what the router set is kept here. A parameter in the path of a nested router
 * is told by its name, as in the route's own pattern.
 */
export function watchRoute(request: RoutedRequest): () => ReturnType<typeof expressAnswer> {
  // The middleware stands twice in the chain: the outer one keeps watching.
  if (Object.getOwnPropertyDescriptor(request, 'route')?.set) return () => expressAnswer(request);
  let { route, params } = request;
  let found: RoutedRequest | undefined;
  let isBefore = false;
  const names = new Map<string, string>();
  // The router sets the route, and its parameters right after it.
  watchMember(request, 'route', {
    get: () => route,
    set(value) {
      // The route sets itself once more when it begins.
      if (route === value) return;
      route = value;
      isBefore = true;
      found = { route, baseUrl: patternOf(request.baseUrl, names) };
    },
  });
  watchMember(request, 'params', {
    get: () => params,
    set(value) {
      params = value;
      if (isBefore) found = { ...found, params };
      else for (const [name, one] of Object.entries(Object(params))) names.set(String(one), name);
      isBefore = false;
    },
  });
  return () => ({ ...expressAnswer(found ?? request), body: () => request.body });
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
