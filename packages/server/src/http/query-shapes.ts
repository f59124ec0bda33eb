import { z } from 'zod';

/** Parameters of a query, which are texts. */
export const queryShapes = {
  text: z.string().min(1).max(2_000),
  flag: z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1'),
  /** From 1 to `most`. */
  wholeNumber: (most: number): z.ZodType<number> =>
    z
      .string()
      .regex(/^\d{1,9}$/, 'must be a whole number')
      .transform(Number)
      .refine((value) => value >= 1 && value <= most, `must be from 1 to ${most}`),
};
