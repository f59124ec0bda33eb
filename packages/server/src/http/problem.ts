import { AuditError } from '../audit-error.ts';

/** RFC 9457, with the wrong parameter and, for a query, the position of the error in it. */
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

/** The part of an error that a caller may know. An unexpected error is answered as `internal`, without details. */
export function problemOf(
  error: unknown,
  correlationId: string,
): { problem: Problem; retryAfterSeconds: number | undefined } {
  const auditError =
    error instanceof AuditError
      ? error
      : (fromFramework(error) ?? new AuditError('internal', { cause: error }));
  const problem: Problem = {
    type: `urn:bitacora:problem:${auditError.code}`,
    title: auditError.title,
    status: auditError.status,
  };
  if (auditError.detail !== undefined) problem.detail = auditError.detail;
  if (auditError.parameter !== undefined) problem.parameter = auditError.parameter;
  if (auditError.position !== undefined) problem.position = auditError.position;
  problem.correlationId = correlationId;
  return { problem, retryAfterSeconds: auditError.retryAfterSeconds };
}

/** The HTTP framework itself refuses some requests: too large, unknown media type, or incomplete. */
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
