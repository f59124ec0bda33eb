import type { RedactOptions } from './redact-options.ts';

/** The keys and positions that lead from the event to a field. */
export type FieldPath = readonly (string | number)[];

/** The host's own rules for a field. They return the value to keep, or undefined to leave the field out. */
export type FieldRules = (path: FieldPath, value: unknown) => unknown;

/** Compiles `paths` and `custom`; undefined when there are none, so that paths need not be followed. */
export function compileFieldRules({ paths = [], custom }: RedactOptions): FieldRules | undefined {
  if (paths.length === 0 && custom === undefined) return undefined;
  const patterns = paths.map((path) => path.split(/[.[\]]+/).filter((key) => key !== ''));
  return (path, value) => {
    if (value === null || value === undefined) return value;
    if (patterns.some((pattern) => matches(pattern, path))) return '[redacted]';
    if (custom === undefined || !isLeaf(value)) return value;
    try {
      const kept = custom(textOf(path), value);
      return kept === null || isLeaf(kept) ? kept : undefined;
    } catch {
      // When a rule throws, the field is left out: a value that the rule might hide must not be sent, and the event must not be
      // lost.
      return undefined;
    }
  };
}

/** Whether an event without this field would be rejected. Such a field is replaced when others would be left out. */
export function isNeeded(path: FieldPath): boolean {
  return /^(?:action|actor\.id|target\.(?:id|type)|targets\[\d+\](?:\.(?:id|type))?|changes\[\d+\]\.path)$/.test(
    textOf(path),
  );
}

/** `attributes.items[0].name`, as rejections write paths. */
export function textOf(path: FieldPath): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else text += text === '' ? key : `.${key}`;
  }
  return text;
}

function matches(pattern: readonly string[], path: FieldPath): boolean {
  return pattern.length === path.length && pattern.every((key, i) => key === '*' || key === String(path[i]));
}

function isLeaf(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
