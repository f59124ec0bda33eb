import type { JsonObject } from '@bitacora/event';
import type { Transport } from './transport.ts';

/** What the host told about a person or thing. */
export interface DirectoryRecord {
  readonly name?: string;
  readonly email?: string;
  readonly role?: string;
  readonly state?: string;
  readonly period?: string;
  readonly attributes?: JsonObject;
}

export interface DirectoryApi {
  put(type: string, id: string, record: DirectoryRecord): Promise<void>;
  get(type: string, id: string): Promise<DirectoryRecord>;
  delete(type: string, id: string): Promise<void>;
}

export function createDirectoryApi(transport: Transport): DirectoryApi {
  const of = (type: string, id: string): string =>
    `/v1/directory/${encodeURIComponent(type)}/${encodeURIComponent(id)}`;
  return {
    async put(type, id, record) {
      const headers = { 'content-type': 'application/json' };
      await transport.send('PUT', of(type, id), { headers, body: JSON.stringify(record) });
    },
    get: (type, id) => transport.json('GET', of(type, id)),
    async delete(type, id) {
      await transport.send('DELETE', of(type, id));
    },
  };
}
