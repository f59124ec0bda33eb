import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Grant, PermissionName } from '../access/index.ts';
import type { JsonText } from './json-text.ts';

/** A route of the HTTP API. The OpenAPI description is made from the same table. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `{name}` for parameters; `{name*}` takes the rest of the path. */
  path: string;
  summary: string;
  /** The permission that the caller needs; `any`: every caller with valid credentials; undefined: everybody. */
  permission: PermissionName | 'any' | undefined;
  /** Of a route that is open to everybody: the permission with which its answer says more. */
  moreWith?: PermissionName;
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** A page whose script reads the query: any is accepted, and the server reads none of it. */
  anyQuery?: true;
  body?: RouteBody;
  /** An empty query parameter counts as absent, as the forms of older clients send it. */
  emptyIsAbsent?: true;
  /** Stores events, and honours the header `Idempotency-Key`. */
  idempotent?: true;
  /** Further conditions on the caller, checked before anything of the request is read. @throws forbidden */
  authorize?: (grant: Grant) => void;
  record?: RouteRecord;
  /** The form of errors that older clients read, by the parameters of the path. */
  errors?: (params: Readonly<Record<string, string>>) => OlderErrors | undefined;
  answer: RouteAnswer<z.ZodType>;
  handle(call: Call): Promise<unknown>;
}

/** A member of problems, and its texts by code; `{parameter}` stands for the field at fault. */
export interface OlderErrors {
  readonly member: string;
  readonly texts?: Readonly<Record<string, string>>;
}

/** The schema of a JSON body; or events, whose body ingest reads itself; or `form`, the fields of a page's form. */
export type RouteBody = z.ZodType | EventsBody | 'form';

/** One event, an array of them, or NDJSON. The schema is for the OpenAPI description only. */
export interface EventsBody {
  readonly eachEvent: z.ZodType;
}

/** Media type and schema of a success. */
export interface RouteAnswer<Schema extends z.ZodType> {
  readonly status: number;
  readonly mediaType: string;
  readonly schema?: Schema;
}

/** How a success is recorded in the tenant's own audit ledger. The same read is recorded once in ten minutes. */
export interface RouteRecord {
  readonly action: string;
  /** Every call is recorded. */
  readonly each?: true;
  /** Absent: always. */
  readonly when?: (call: Call) => boolean;
}

export interface Call<
  Params = Readonly<Record<string, string>>,
  Query = Readonly<Record<string, unknown>>,
  Body = unknown,
> {
  grant: Grant;
  /** The grant at present, for answers that take long. @throws unauthenticated, forbidden when the caller has lost it */
  grantNow(): Promise<Grant>;
  /** For answers that are read while they are sent: each further read waits for its turn. @throws too_many_requests */
  inTurn<T>(read: () => Promise<T>): Promise<T>;
  /** Params, query and body were parsed by the schemas of the route. */
  params: Params;
  query: Query;
  body: Body;
  request: FastifyRequest;
  reply: FastifyReply;
}

type NoFields = z.ZodObject<Record<never, never>>;
type Parsed<Schema extends z.ZodType> = Readonly<z.output<Schema>>;
type ParsedBody<Body extends RouteBody> = Body extends z.ZodType ? Parsed<Body> : unknown;

/** The input of a schema, with lists and objects read-only. */
export type Unchanged<T> = T extends readonly (infer Member)[]
  ? readonly Unchanged<Member>[]
  : T extends object
    ? { readonly [Name in keyof T]: Unchanged<T[Name]> }
    : T;

/** A handler may also return JSON text that has been made already, or send the answer itself and return the reply. */
type HandlerAnswer<Schema extends z.ZodType> =
  z.input<Schema> | Unchanged<z.input<Schema>> | JsonText | FastifyReply;

export interface RouteDefinition<
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Body extends RouteBody,
  Schema extends z.ZodType,
> extends Omit<Route, 'params' | 'query' | 'body' | 'answer' | 'handle'> {
  params?: Params;
  query?: Query;
  body?: Body;
  answer: RouteAnswer<Schema>;
  handle(
    call: Call<Parsed<Params>, Parsed<Query>, ParsedBody<Body>>,
  ): HandlerAnswer<NoInfer<Schema>> | Promise<HandlerAnswer<NoInfer<Schema>>>;
}

/**
 * A route whose handler is typed by its schemas: params, query and body as they are parsed, the answer as it is described.
 * The server parses all three before it calls the handler.
 */
export function defineRoute<
  Params extends z.ZodObject = NoFields,
  Query extends z.ZodObject = NoFields,
  Body extends RouteBody = EventsBody,
  Schema extends z.ZodType = z.ZodType<string | undefined, string | undefined>,
>(definition: RouteDefinition<Params, Query, Body, Schema>): Route {
  type TypedCall = Parameters<(typeof definition)['handle']>[0];
  const { handle, ...rest } = definition;
  return { ...rest, handle: async (call) => handle(call as TypedCall) };
}

export const jsonMediaType = 'application/json; charset=utf-8';

/** A success with a JSON body. */
export function jsonAnswer<Schema extends z.ZodType>(schema: Schema, status = 200): RouteAnswer<Schema> {
  return { status, mediaType: jsonMediaType, schema };
}

/** A success without a body: the handler sends status 204 itself. */
export const noContent: RouteAnswer<z.ZodType<undefined, undefined>> = {
  status: 204,
  mediaType: jsonMediaType,
};
