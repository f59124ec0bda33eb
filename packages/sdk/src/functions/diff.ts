import { fieldPath, limits, type Change, type JsonValue } from '@bitacora/event';

export interface DiffOptions {
  /** Paths to leave out, with all below them: `updatedAt`, `address.geo`. */
  readonly ignore?: readonly string[];
  /** Only these, with all below them. */
  readonly only?: readonly string[];
}

/** Deeper differences are shown as a change of the value at this depth. */
const depthMax = 8;
/** A change takes three keys of the event, which may have a thousand. */
const changesMax = 300;
const readDepthMax = limits.depthMax - 8;

/**
 * The differences between two states of a thing as an event's `changes`: one for each value that differs, with paths as
 * `address.city`. Lists are compared and shown as a whole. Dates, and objects with `toJSON`, count as their JSON; members that
 * are undefined count as absent, which differs from null. When there are more changes than an event can hold, only the
 * outermost members are shown. When these are too many, the last entry says how many are left out. Never throws for plain
 * values.
 */
export function diff(before: unknown, after: unknown, options: DiffOptions = {}): readonly Change[] {
  const old = jsonOf(before, 0);
  const now = jsonOf(after, 0);
  const isWanted = wantedBy(options);
  for (const depth of [depthMax, 1]) {
    const changes: Change[] = [];
    compare({ old: old ?? {}, now: now ?? {}, path: '', depth }, changes);
    const wanted = changes.filter(({ path }) => isWanted(path));
    if (wanted.length <= changesMax) return wanted;
    if (depth > 1) continue;
    const rest = wanted.length - changesMax + 1;
    return [...wanted.slice(0, changesMax - 1), { path: '…', after: `${rest} more changes` }];
  }
  return [];
}

type Sides = {
  readonly old: JsonValue;
  readonly now: JsonValue;
  readonly path: string;
  readonly depth: number;
};

function compare({ old, now, path, depth }: Sides, changes: Change[]): void {
  if (isSame(old, now)) return;
  const oldMembers = membersOf(old);
  const newMembers = membersOf(now);
  if (oldMembers === undefined || newMembers === undefined || depth === 0) {
    changes.push({ path: path === '' ? '*' : path, before: old, after: now });
    return;
  }
  for (const key of new Set([...oldMembers.keys(), ...newMembers.keys()])) {
    const below = fieldPath(path, key);
    const oldMember = oldMembers.get(key);
    const newMember = newMembers.get(key);
    if (oldMember === undefined && newMember !== undefined) changes.push({ path: below, after: newMember });
    else if (newMember === undefined && oldMember !== undefined)
      changes.push({ path: below, before: oldMember });
    else if (oldMember !== undefined && newMember !== undefined) {
      compare({ old: oldMember, now: newMember, path: below, depth: depth - 1 }, changes);
    }
  }
}

function membersOf(value: JsonValue): ReadonlyMap<string, JsonValue> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined;
}

function isSame(a: JsonValue, b: JsonValue): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value: JsonValue, i) => isSame(value, b[i] ?? null));
  }
  const members = membersOf(a);
  const others = membersOf(b);
  if (members === undefined || others === undefined || members.size !== others.size) return false;
  return [...members].every(([key, value]) => {
    const other = others.get(key);
    return other !== undefined && isSame(value, other);
  });
}

/** The value's JSON; undefined where it has none. What is too deep to be part of an event becomes `…`. */
function jsonOf(value: unknown, depth: number): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value + 0 : null;
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : objectOf(value, depth);
    default:
      return undefined;
  }
}

function objectOf(value: object, depth: number): JsonValue | undefined {
  if (depth > readDepthMax) return '…';
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const json: unknown = Reflect.apply(value.toJSON, value, []);
    return json === value ? '…' : jsonOf(json, depth + 1);
  }
  if (Array.isArray(value)) return value.map((element) => jsonOf(element, depth + 1) ?? null);
  const copy: Record<string, JsonValue> = {};
  for (const [key, member] of Object.entries(value)) {
    const json = jsonOf(member, depth + 1);
    if (json !== undefined) copy[key] = json;
  }
  return copy;
}

function wantedBy({ ignore = [], only }: DiffOptions): (path: string) => boolean {
  const isUnder = (path: string, root: string): boolean =>
    path === root || (path.startsWith(root) && /[.[]/.test(path.charAt(root.length)));
  return (path) =>
    !ignore.some((root) => isUnder(path, root)) && (only?.some((root) => isUnder(path, root)) ?? true);
}
