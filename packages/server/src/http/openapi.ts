import { z } from 'zod';
import { errorTable } from '../audit-error.ts';
import type { Route, RouteBody } from './route.ts';
import { takesNothing } from './takes-nothing.ts';

/** The OpenAPI 3.1 description of a table of routes. */
export function openApi(routes: readonly Route[], version: string): Record<string, unknown> {
  const components: Components = { Problem: problemSchema };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace('*}', '}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route, components) };
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
          description:
            'The session of a person who signed in; a request that changes something also needs X-CSRF-Token',
        },
      },
      schemas: components,
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

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Any text that names this request: sent again with the same key, its events without an id are stored once, whenever the retry comes',
  schema: { type: 'string', maxLength: 255 },
};

function operation(route: Route, components: Components): Record<string, unknown> {
  const parameters = [
    ...pathParameters(route.path),
    ...queryParameters(route.query),
    ...(route.idempotent ? [idempotencyKey] : []),
  ];
  const problem = {
    description: 'A problem',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  const success: Record<string, unknown> = { description: route.summary };
  if (route.answer.status !== 204)
    success['content'] = {
      [mediaType(route.answer.mediaType)]: { schema: schemaOf(route.answer.schema, components) },
    };
  return {
    summary: route.summary,
    operationId: operationId(route),
    ...(route.permission === undefined
      ? { security: [] }
      : {
          description:
            route.permission === 'any'
              ? 'Needs any credentials.'
              : `Needs the scope \`${route.permission}\`.`,
        }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body === undefined ? {} : { requestBody: requestBody(route.body, components) }),
    responses: { [String(route.answer.status)]: success, default: problem },
  };
}

/** `getEventsIdProof` for GET /v1/events/{id}/proof. */
function operationId({ method, path }: Route): string {
  const words = path.replace(/^\/v1/, '').match(/[A-Za-z0-9]+/g) ?? ['root'];
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function requestBody(body: RouteBody, components: Components): unknown {
  if (body === 'form') return { required: true, content: { 'application/x-www-form-urlencoded': {} } };
  if (!('eachEvent' in body))
    return {
      required: !takesNothing(body),
      content: { 'application/json': { schema: schemaOf(body, components) } },
    };
  const event = schemaOf(body.eachEvent, components);
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

/**
 * The JSON Schema of an answer or a body. A schema that has an id is added to the components, and a reference stands in
 * its place.
 */
function schemaOf(schema: z.ZodType | undefined, components: Components): unknown {
  if (!schema) return { type: 'string' };
  const jsonSchema = z.toJSONSchema(schema, { unrepresentable: 'any' });
  const { $schema: _, $defs, id, ...rest } = withComponentRefs(jsonSchema);
  for (const [name, { id: __, ...definition }] of Object.entries($defs ?? {})) components[name] = definition;
  if (id === undefined) return rest;
  components[id] = rest;
  return { $ref: `#/components/schemas/${id}` };
}

type Components = Record<string, unknown>;

interface JsonSchema {
  $schema?: string;
  $defs?: Record<string, { id?: string }>;
  id?: string;
}

function withComponentRefs(schema: object): JsonSchema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as JsonSchema;
}

function mediaType(type: string): string {
  return type.split(';')[0] ?? type;
}
