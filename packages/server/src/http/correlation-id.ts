import { randomUUID } from 'node:crypto';

/** The caller's own id of a request, if it has the right form; otherwise a new id. */
export function correlationIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w.:-]{1,100}$/.test(header) ? header : randomUUID();
}
