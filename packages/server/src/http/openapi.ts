import { z } from 'zod';
import { errorTable } from '../audit-error.ts';
import type { Route } from './route.ts';
import { takesNothing } from './takes-nothing.ts';

/** OpenAPI 3.1 of a table of routes. */
export function openApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace('*}', '}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Bitácora',
      version,
      description: 'The audit trail: who did what to what, provably unaltered.',
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }, { cookie: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key (bta_live_…), or a token that a host application signed for its user (JWT)',
        },
        cookie: {
          type: 'apiKey',
          in: 'cookie',
          name: '__Host-bitacora',
          description: 'Of a person who signed in; what changes something also needs X-CSRF-Token',
        },
      },
      schemas: { Problem: problemSchema },
    },
  };
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status'],
  properties: {
    type: {
      type: 'string',
      enum: [...Object.keys(errorTable), 'events_rejected'].map((code) => `urn:bitacora:problem:${code}`),
    },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    parameter: { type: 'string' },
    position: { type: 'integer' },
    correlationId: { type: 'string' },
  },
};

function operation(route: Route): Record<string, unknown> {
  const parameters = [...pathParameters(route.path), ...queryParameters(route.query)];
  const problem = {
    description: 'A problem',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  const success: Record<string, unknown> = { description: route.summary };
  if (route.answer.status !== 204)
    success['content'] = { [mediaType(route.answer.mediaType)]: { schema: schemaOf(route.answer.schema) } };
  return {
    summary: route.summary,
    operationId: operationId(route),
    ...(route.scope === undefined
      ? { security: [] }
      : {
          description:
            route.scope === 'any' ? 'Needs any credentials.' : `Needs the scope \`${route.scope}\`.`,
        }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body === undefined ? {} : { requestBody: requestBody(route.body) }),
    responses: { [String(route.answer.status)]: success, default: problem },
  };
}

/** `getEventsIdProof` for GET /v1/events/{id}/proof. */
function operationId({ method, path }: Route): string {
  const words = path.replace(/^\/v1/, '').match(/[A-Za-z0-9]+/g) ?? ['root'];
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function requestBody(body: z.ZodType | 'events' | 'form'): unknown {
  if (typeof body !== 'string')
    return { required: !takesNothing(body), content: { 'application/json': { schema: schemaOf(body) } } };
  const event = { type: 'object', required: ['action', 'actor'] };
  return {
    required: true,
    content: {
      'application/json': { schema: { oneOf: [event, { type: 'array', items: event }] } },
      'application/x-ndjson': { schema: { type: 'string', description: 'One event a line' } },
    },
  };
}

function pathParameters(path: string): unknown[] {
  return [...path.matchAll(/\{(\w+)\*?\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodObject | undefined): unknown[] {
  if (!query) return [];
  const schema = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  const required = new Set(schema.required);
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: required.has(name),
    schema: property,
  }));
}

function schemaOf(schema: z.ZodType | undefined): unknown {
  if (!schema) return { type: 'string' };
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { unrepresentable: 'any' });
  return rest;
}

function mediaType(type: string): string {
  return type.split(';')[0] ?? type;
}
