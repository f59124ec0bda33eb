import type { JsonObject } from '@bitacora/event';
import { AuditError } from '../audit-error.ts';
import type { Database, RowAccess } from '../storage/index.ts';

export interface DirectoryKey {
  type: string;
  id: string;
}

export interface StoredRecord extends DirectoryKey {
  fields: JsonObject;
  /** ms */
  updatedAt: number;
}

/**
 * The records that the host writes about people and things. Admission copies from them, so that entries keep the names of their
 * time.
 */
export interface Directory {
  put(tenant: number, record: DirectoryKey & { fields: JsonObject }): Promise<void>;
  /** `records`: ids of the records that the caller may see; absent: all. */
  get(tenant: number, key: DirectoryKey, records?: readonly string[]): Promise<StoredRecord | undefined>;
  /** The records that exist, keyed by `type/id`. */
  find(tenant: number, keys: readonly DirectoryKey[]): Promise<ReadonlyMap<string, StoredRecord>>;
  /** The records of a type in order of id; at most `recordsListedMax`. */
  list(tenant: number, type: string, records?: readonly string[]): Promise<StoredRecord[]>;
  remove(tenant: number, key: DirectoryKey): Promise<void>;
}

const keyCharsMax = 200;
const recordBytesMax = 16_384;
const recordsListedMax = 1_000;
const select = 'select type, id, fields, updated_at as "updatedAt" from directory';

export function createDirectory(database: Database): Directory {
  const rowsOf = (tenant: number): RowAccess => ({ tenant, ledgers: [] });
  return {
    async put(tenant, record) {
      requireKey(record);
      const fields = JSON.stringify(record.fields);
      if (Buffer.byteLength(fields) > recordBytesMax || fields.includes('\\u0000')) {
        throw new AuditError('invalid_parameter', {
          parameter: 'body',
          detail: `a record holds at most ${recordBytesMax} bytes and no U+0000`,
        });
      }
      await database.write(rowsOf(tenant), (client) =>
        client.query({
          name: 'directory-put',
          text: `insert into directory (tenant, type, id, fields) values ($1, $2, $3, $4)
           on conflict (tenant, type, id) do update set fields = excluded.fields, updated_at = now()`,
          values: [tenant, record.type, record.id, fields],
        }),
      );
    },
    get: (tenant, key, records) =>
      database.read({ ...rowsOf(tenant), ...(records ? { records } : {}) }, async (client) => {
        const result = await client.query<StoredRecord>(
          `${select} where tenant = $1 and type = $2 and id = $3`,
          [tenant, key.type, key.id],
        );
        return result.rows[0];
      }),
    async find(tenant, keys) {
      if (keys.length === 0) return new Map();
      const result = await database.read(rowsOf(tenant), (client) =>
        client.query<StoredRecord>({
          name: 'directory-find',
          text: `${select} where tenant = $1 and (type, id) in (select * from unnest($2::text[], $3::text[]))`,
          values: [tenant, keys.map((key) => key.type), keys.map((key) => key.id)],
        }),
      );
      return new Map(result.rows.map((record) => [`${record.type}/${record.id}`, record]));
    },
    list: (tenant, type, records) =>
      database.read({ ...rowsOf(tenant), ...(records ? { records } : {}) }, async (client) => {
        const result = await client.query<StoredRecord>(
          `${select} where tenant = $1 and type = $2 order by id limit ${recordsListedMax}`,
          [tenant, type],
        );
        return result.rows;
      }),
    async remove(tenant, key) {
      await database.write(rowsOf(tenant), (client) =>
        client.query('delete from directory where tenant = $1 and type = $2 and id = $3', [
          tenant,
          key.type,
          key.id,
        ]),
      );
    },
  };
}

function requireKey(key: DirectoryKey): void {
  for (const parameter of ['type', 'id'] as const) {
    const value = key[parameter];
    if (value === '' || value.length > keyCharsMax || value.includes('\0') || !value.isWellFormed()) {
      throw new AuditError('invalid_parameter', {
        parameter,
        detail: `${parameter} must have 1 to ${keyCharsMax} characters`,
      });
    }
  }
}
