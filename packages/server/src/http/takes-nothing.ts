import { z } from 'zod';

/** Whether a body may be left out: nothing in it is needed. A free record may not: what came for it may be lost. */
export function takesNothing(body: z.ZodType): boolean {
  return body instanceof z.ZodObject && body.safeParse({}).success;
}
