/**
 * Part of an event: members that are named must match, others may be anything. A regular expression matches a text, a
 * function matches a value for which it returns true; lists match position by position and must be equally long.
 */
export type Expected = { readonly [field: string]: unknown };

/** One place where an event is not as expected. */
export interface Mismatch {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** Where `actual` differs from `expected`; empty when it matches. */
export function mismatches(expected: unknown, actual: unknown, path = ''): readonly Mismatch[] {
  if (typeof expected === 'function') return isTrue(expected, actual) ? [] : [{ path, expected, actual }];
  if (expected instanceof RegExp) {
    return typeof actual === 'string' && new RegExp(expected).test(actual)
      ? []
      : [{ path, expected, actual }];
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return [{ path, expected, actual }];
    return expected.flatMap((element, i) => mismatches(element, actual[i], `${path}[${i}]`));
  }
  if (typeof expected !== 'object' || expected === null) {
    return Object.is(expected, actual) ? [] : [{ path, expected, actual }];
  }
  if (typeof actual !== 'object' || actual === null) return [{ path, expected, actual }];
  const members = new Map(Object.entries(actual));
  return Object.entries(expected).flatMap(([key, member]) =>
    mismatches(member, members.get(key), path === '' ? key : `${path}.${key}`),
  );
}

function isTrue(predicate: Function, actual: unknown): boolean {
  return Reflect.apply(predicate, undefined, [actual]) === true;
}
