import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Grant, PermissionName } from '../access/index.ts';

/** A route of the HTTP API; the OpenAPI document is made of the same table. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `{name}` for parameters; `{name*}` takes the rest of the path. */
  path: string;
  summary: string;
  /** What the caller must be permitted; `any`: nothing but being somebody; undefined: open to everybody. */
  scope: PermissionName | 'any' | undefined;
  query?: z.ZodObject;
  /** A JSON body. `events` is read by ingest itself; `form` is a page's own, fields by name. */
  body?: z.ZodType | 'events' | 'form';
  /** What a success is called in the tenant's own audit ledger. Reads are put there once in ten minutes, `each` says every time, `when` (absent: always) whether it was one. */
  record?: { action: string; each?: true; when?: (call: Call) => boolean };
  /** A member that older clients read their errors from, with texts of their own. */
  errors?: { readonly member: string; readonly texts?: Readonly<Record<string, string>> };
  /** Media type and schema of a success. */
  answer: { status: number; mediaType: string; schema?: z.ZodType };
  handle(call: Call): Promise<unknown>;
}

export interface Call {
  grant: Grant;
  /** For answers that take long: the grant as it is by now. @throws unauthenticated, forbidden once it is gone */
  grantNow(): Promise<Grant>;
  /** For answers that are read while they are sent: each further read waits for its turn. @throws too_many_requests */
  inTurn<T>(read: () => Promise<T>): Promise<T>;
  params: Readonly<Record<string, string>>;
  /** As the route's schema says; parsed. */
  query: Readonly<Record<string, unknown>>;
  body: unknown;
  request: FastifyRequest;
  reply: FastifyReply;
}
