import type { JsonValue } from '@bitacora/event';
import type { Transport } from './transport.ts';

/** The description of a person or thing, with field names of the host. Packs read the fields whose names they know. */
export interface DirectoryFields {
  readonly name?: string;
  readonly email?: string;
  readonly role?: string;
  readonly state?: string;
  readonly period?: string;
  readonly [field: string]: JsonValue | undefined;
}

export interface DirectoryRecord {
  readonly type: string;
  readonly id: string;
  readonly fields: DirectoryFields;
  readonly updatedAt: string;
}

export interface DirectoryApi {
  put(type: string, id: string, fields: DirectoryFields): Promise<void>;
  get(type: string, id: string): Promise<DirectoryRecord>;
  delete(type: string, id: string): Promise<void>;
}

export function createDirectoryApi(transport: Transport): DirectoryApi {
  const of = (type: string, id: string): string =>
    `/v1/directory/${encodeURIComponent(type)}/${encodeURIComponent(id)}`;
  return {
    async put(type, id, fields) {
      const headers = { 'content-type': 'application/json' };
      await transport.send('PUT', of(type, id), { headers, body: JSON.stringify(fields) });
    },
    get: (type, id) => transport.json('GET', of(type, id)),
    async delete(type, id) {
      await transport.send('DELETE', of(type, id));
    },
  };
}
