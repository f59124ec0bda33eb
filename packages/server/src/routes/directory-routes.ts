import type { JsonValue } from '@bitacora/event';
import { z } from 'zod';
import { recordsOf, requireAllLedgers, type Directory } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { defineRoute, jsonAnswer, noContent, type Route } from '../http/index.ts';

const keyParams = z.object({ type: z.string(), id: z.string() });
const fields = z.record(z.string(), z.custom<JsonValue>());
const directoryView = z.object({ type: z.string(), id: z.string(), fields, updatedAt: z.string() });

/** Routes for the records in which hosts describe people and things. */
export function directoryRoutes(directory: Directory): Route[] {
  return [putRecordRoute(directory), recordRoute(directory), removeRecordRoute(directory)];
}

function putRecordRoute(directory: Directory): Route {
  return defineRoute({
    method: 'PUT',
    path: '/v1/directory/{type}/{id}',
    summary: 'Describe a person or thing: the body holds its fields',
    permission: 'ingest',
    params: keyParams,
    body: fields,
    answer: noContent,
    async handle({ grant, params, body, reply }) {
      requireAllLedgers(grant);
      await directory.put(grant.tenant.id, { ...params, fields: body });
      return reply.code(204).send();
    },
  });
}

function recordRoute(directory: Directory): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/directory/{type}/{id}',
    summary: 'The record of a person or thing',
    permission: 'read',
    record: { action: 'directory.view' },
    params: keyParams,
    answer: jsonAnswer(directoryView),
    async handle({ grant, params }) {
      requireAllLedgers(grant);
      const record = await directory.get(grant.tenant.id, params, recordsOf(grant.reach));
      if (!record) throw new AuditError('not_found', { detail: 'the directory has no such record' });
      return { ...record, updatedAt: new Date(record.updatedAt).toISOString() };
    },
  });
}

function removeRecordRoute(directory: Directory): Route {
  return defineRoute({
    method: 'DELETE',
    path: '/v1/directory/{type}/{id}',
    summary: 'Delete a record; entries keep the fields that they copied',
    permission: 'ingest',
    params: keyParams,
    answer: noContent,
    async handle({ grant, params, reply }) {
      requireAllLedgers(grant);
      await directory.remove(grant.tenant.id, params);
      return reply.code(204).send();
    },
  });
}
