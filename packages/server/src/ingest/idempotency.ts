import { hash } from 'node:crypto';
import { createUuidV7Source, isUuidV7, type ReadEvent } from '@bitacora/event';
import { AuditError } from '../audit-error.ts';
import type { Database } from '../storage/index.ts';

/** The request that carries an `Idempotency-Key`. */
export interface KeyedRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Idempotency {
  /**
   * Gives the events of a request that have no id the ids that their request's `Idempotency-Key` stands for: the same at each
   * retry. Events of a request without the header stay as they are. @throws invalid_parameter for a key that cannot be one
   */
  withIds(tenant: number, request: KeyedRequest, events: readonly ReadEvent[]): Promise<readonly ReadEvent[]>;
}

const header = 'idempotency-key';
const keyCharsMax = 255;

/**
 * A key that is a UUIDv7 is the id of the only event of its request. Every other key gets ids that are made once and stored
 * before the events are, so that a retry gets them again whenever it comes.
 */
export function createIdempotency(options: { database: Database; clock: () => number }): Idempotency {
  const createId = createUuidV7Source({ clock: options.clock });
  /** How many events a request has stored already: a route may store them one after the other. */
  const stored = new WeakMap<KeyedRequest, number>();
  return {
    async withIds(tenant, request, events) {
      const key = keyOf(request);
      if (key === undefined) return events;
      const first = stored.get(request) ?? 0;
      stored.set(request, first + events.length);
      const positions = events.flatMap((read, offset) => (needsId(read) ? [first + offset] : []));
      if (positions.length === 0) return events;
      const isId = isUuidV7(key.toLowerCase()) && first === 0 && events.length === 1;
      const ids = isId
        ? new Map([[0, key.toLowerCase()]])
        : await storedIds(options.database, { tenant, key: hashOf(request, key), positions, createId });
      return events.map((read, offset) => {
        const id = ids.get(first + offset);
        return id === undefined || !read.ok ? read : { ...read, value: { ...objectOf(read.value), id } };
      });
    },
  };
}

function keyOf({ headers }: KeyedRequest): string | undefined {
  const key = headers[header];
  if (key === undefined || key === '') return undefined;
  if (typeof key === 'string' && key.length <= keyCharsMax && /^[\x20-\x7e]+$/.test(key)) return key;
  throw new AuditError('invalid_parameter', {
    parameter: 'Idempotency-Key',
    detail: `Idempotency-Key must be at most ${keyCharsMax} printable ASCII characters`,
  });
}

/** Whether a read event is an object without an id. Anything else is judged later. */
function needsId(read: ReadEvent): boolean {
  return read.ok && Object.keys(objectOf(read.value)).length > 0 && objectOf(read.value)['id'] === undefined;
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** One key may stand for different events at different addresses. */
function hashOf({ url }: KeyedRequest, key: string): Buffer {
  const [path = ''] = url.split('?');
  return hash('sha256', `${path.replace(/\/$/, '')}\n${key}`, 'buffer');
}

/** Ids by position. Of two requests at the same moment one stores them, and both get the same. */
async function storedIds(
  database: Database,
  keyed: { tenant: number; key: Buffer; positions: readonly number[]; createId: () => string },
): Promise<ReadonlyMap<number, string>> {
  const { tenant, key, positions, createId } = keyed;
  const rows = await database.write({ tenant, ledgers: [] }, async (client) => {
    await client.query({
      name: 'insert-idempotency-keys',
      text: `insert into idempotency_key (tenant, key, position, id)
       select $1, $2, p, i from unnest($3::integer[], $4::uuid[]) as n(p, i) on conflict do nothing`,
      values: [tenant, key, positions, positions.map(createId)],
    });
    const result = await client.query<{ position: number; id: string }>({
      name: 'idempotency-keys',
      text: 'select position, id from idempotency_key where tenant = $1 and key = $2 and position = any($3::integer[])',
      values: [tenant, key, positions],
    });
    return result.rows;
  });
  return new Map(rows.map(({ position, id }) => [position, id]));
}
