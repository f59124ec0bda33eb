import { AuditError } from '../audit-error.ts';

/** RFC 9457, with the parameter at fault and, where there is one, the position in it. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  parameter?: string;
  position?: number;
  /** Finds the request in the server's log. */
  correlationId?: string;
}

export const problemMediaType = 'application/problem+json; charset=utf-8';

/** What a caller may know of an error; everything unexpected is `internal` and nothing more. */
export function problemOf(
  error: unknown,
  correlationId: string,
): { problem: Problem; retryAfterSeconds: number | undefined } {
  const known =
    error instanceof AuditError
      ? error
      : (fromFramework(error) ?? new AuditError('internal', { cause: error }));
  const problem: Problem = {
    type: `urn:bitacora:problem:${known.code}`,
    title: known.title,
    status: known.status,
  };
  if (known.detail !== undefined) problem.detail = known.detail;
  if (known.parameter !== undefined) problem.parameter = known.parameter;
  if (known.position !== undefined) problem.position = known.position;
  problem.correlationId = correlationId;
  return { problem, retryAfterSeconds: known.retryAfterSeconds };
}

/** The HTTP framework refuses some requests by itself: too large, no such media type, cut off. */
function fromFramework(error: unknown): AuditError | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number')
    return undefined;
  if (error.statusCode === 413) return new AuditError('body_too_large', { parameter: 'body', cause: error });
  if (error.statusCode === 415)
    return new AuditError('unsupported_media_type', { parameter: 'Content-Type', cause: error });
  if (error.statusCode >= 400 && error.statusCode < 500)
    return new AuditError('malformed_body', { detail: 'the request is malformed', cause: error });
  return undefined;
}
