import { pathOf } from './recordable-url.ts';

const excludedDefault = ['/docs', '/health'];

/** Makes the function that says whether a URL is at or below one of the paths. TypeError for a path that can never match. */
export function createExclusion(paths: readonly string[] = excludedDefault): (url: string) => boolean {
  const starts = paths.map((path) => {
    if (typeof path !== 'string' || !path.startsWith('/'))
      throw new TypeError(`exclude: ${path}: a path starts with /`);
    return path.replace(/\/+$/, '');
  });
  return (url) => {
    if (!starts.some((start) => url.startsWith(start))) return false;
    const path = pathOf(url);
    return starts.some((start) => isAtOrBelow(path, start)) && !mayLeadElsewhere(path);
  };
}

function isAtOrBelow(path: string, start: string): boolean {
  return path.startsWith(start) && (path.length === start.length || path.charAt(start.length) === '/');
}

/** Some routers resolve `/health/../payments`, which must not count as a health check. */
function mayLeadElsewhere(path: string): boolean {
  return /\/\.|%2e|%2f|%5c|\\|\/\//i.test(path);
}
