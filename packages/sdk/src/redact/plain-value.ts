import { limits } from '@bitacora/event';
import { SnapshotRefusal } from './snapshot-refusal.ts';

/**
 * Converts an object that is neither plain nor an array. Dates, and objects with `toJSON`, become their JSON, bytes become
 * base64, errors their name, message and code, maps and other lists of pairs objects, sets and other lists arrays, regular
 * expressions texts. Instances of other classes are returned as they are, and the copier copies their own fields.
 */
export function plainValue(value: object): unknown {
  if (value instanceof Uint8Array) return base64Of(value);
  if (hasToJson(value)) return jsonOf(value);
  if (value instanceof Error) return errorOf(value);
  if (value instanceof RegExp) return String(value);
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return value.valueOf();
  if (value instanceof ArrayBuffer) return base64Of(new Uint8Array(value));
  if (isIterable(value)) return listOf(value);
  return value;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function jsonOf(value: { toJSON(): unknown }): unknown {
  const json = value.toJSON();
  // An object whose `toJSON` returns the object itself is shown by its fields.
  return json === value ? { ...value } : json;
}

function base64Of(bytes: Uint8Array): string {
  if (bytes.byteLength > limits.eventSizeMaxBytes) throw new SnapshotRefusal('too_large');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function errorOf(error: Error): Record<string, unknown> {
  const { name, message } = error;
  return 'code' in error ? { name, message, code: error.code } : { name, message };
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value && typeof value[Symbol.iterator] === 'function';
}

function listOf(values: Iterable<unknown>): unknown {
  const list: unknown[] = [];
  for (const value of values) {
    // An endless list ends here; a list of this length cannot fit into an event.
    if (list.length * 2 > limits.eventSizeMaxBytes) throw new SnapshotRefusal('too_large');
    list.push(value);
  }
  return list.length > 0 && list.every(isPair) ? objectOf(list) : list;
}

type Pair = readonly [string, unknown];

function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string';
}

// A name that comes twice, as in headers and queries, keeps both its values.
function objectOf(pairs: readonly Pair[]): Record<string, unknown> {
  const grouped = new Map<string, unknown[]>();
  for (const [name, value] of pairs) {
    const values = grouped.get(name);
    if (values === undefined) grouped.set(name, [value]);
    else values.push(value);
  }
  return Object.fromEntries(
    [...grouped].map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  );
}
