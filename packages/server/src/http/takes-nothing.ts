import { z } from 'zod';

/**
 * Whether a body may be left out, because no member of it is required. A record with free keys may not: an empty body
 * could mean that the content was lost.
 */
export function takesNothing(body: z.ZodType): boolean {
  return body instanceof z.ZodObject && body.safeParse({}).success;
}
