/**
 * A part of an event. Its members must match; other members of the event may have any value. A regular expression matches a
 * text, and a function matches a value for which it returns true. Lists must have the same length and match item by item.
 */
export type Expected = { readonly [field: string]: unknown };

/** A place where an event differs from the expected one. */
export interface Mismatch {
  readonly path: string;
  readonly expected: unknown;
  readonly actual: unknown;
}

/** The places where `actual` differs from `expected`; empty when it matches. */
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
