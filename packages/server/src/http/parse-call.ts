import { readEvents } from '@bitacora/event';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AuditError } from '../audit-error.ts';
import { formOf } from './form.ts';
import type { Call, Route } from './route.ts';
import { takesNothing } from './takes-nothing.ts';

/** Parses params, query and body of a request with the schemas of its route. @throws invalid_parameter, malformed_body */
export function parseCall(route: Route, request: FastifyRequest): Pick<Call, 'params' | 'query' | 'body'> {
  return {
    query: route.anyQuery ? {} : parseQueryString(route, request.query),
    params: parseParams(route, request),
    body: parseRouteBody(route, request),
  };
}

function parseParams(route: Route, request: FastifyRequest): Record<string, string> {
  const params = { ...(request.params as Record<string, string>) };
  const rest = /\{(\w+)\*\}/.exec(route.path)?.[1];
  if (rest !== undefined) {
    params[rest] = params['*'] ?? '';
    delete params['*'];
  }
  refuseNul(params);
  return route.params ? (parsed(route.params, params) as Record<string, string>) : params;
}

function parseQueryString({ query: schema, emptyIsAbsent }: Route, query: unknown): Record<string, unknown> {
  const sent = query as Record<string, unknown>;
  const given = emptyIsAbsent
    ? Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== ''))
    : sent;
  const names = schema ? Object.keys(schema.shape) : [];
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const offered = names.length > 0 ? `: this route takes ${names.join(', ')}` : '';
    throw new AuditError('invalid_parameter', {
      parameter: unknown.slice(0, 100),
      detail: `there is no parameter ${unknown.slice(0, 100)}${offered}`,
    });
  }
  refuseNul(given);
  return schema ? (parsed(schema, given) as Record<string, unknown>) : {};
}

/** PostgreSQL cannot store U+0000 in a text. */
function refuseNul(params: Readonly<Record<string, unknown>>): void {
  for (const [parameter, value] of Object.entries(params)) {
    if (String(value).includes('\0'))
      throw new AuditError('invalid_parameter', { parameter, detail: `${parameter} holds U+0000` });
  }
}

function parseRouteBody(route: Route, request: FastifyRequest): unknown {
  const { body } = route;
  if (body === undefined) return request.body;
  if (body === 'form') return formOf(request.body);
  return 'eachEvent' in body ? request.body : parseJsonBody(body, request.body);
}

function parseJsonBody(schema: z.ZodType, body: unknown): unknown {
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : '';
  if (text === '' && takesNothing(schema)) return parsed(schema, {});
  const reading = readEvents(text, 'json', { eventsMax: 1 });
  const [first] = reading.ok ? reading.events : [];
  if (first?.ok) return parsed(schema, first.value);
  const rejection = reading.ok ? first && !first.ok && first.rejection : reading.rejection;
  const at = rejection && rejection.position !== undefined ? ` at byte ${rejection.position}` : '';
  throw new AuditError('malformed_body', {
    parameter: 'body',
    detail: rejection ? `${rejection.message}${at}` : 'send one JSON object',
  });
}

function parsed(schema: z.ZodType, value: unknown): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const parameter = [...(issue?.path ?? []), ...unknownKey].join('.').slice(0, 100) || 'body';
  throw new AuditError('invalid_parameter', {
    parameter,
    detail: `${parameter}: ${issue?.message ?? 'not valid'}`,
  });
}
