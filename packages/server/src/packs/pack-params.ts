import type { Param, Params } from '@bitacora/pack-kit';
import { z } from 'zod';
import { momentsOf } from '../query/index.ts';

const dateText = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/;
const textCharsMax = 2_000;

/** The schema of a route's parameters in one place (path, query or body). Texts of a URL become numbers and booleans. */
export function schemaOf(params: Params, place: Param['in']): z.ZodObject {
  const entries = Object.entries(params).filter(([, param]) => param.in === place);
  return z.strictObject(
    Object.fromEntries(entries.map(([name, param]) => [name, optional(param, typeOf(param, place))])),
  );
}

function optional(param: Param, type: z.ZodType): z.ZodType {
  if (param.default !== undefined) return type.default(param.default);
  if (param.required === true && param.type === 'json')
    return type.refine((value) => value !== null, 'must not be null');
  if (param.required === true || param.in === 'path') return type;
  return param.in === 'body' ? type.nullish() : type.optional();
}

function typeOf(param: Param, place: Param['in']): z.ZodType {
  const { type } = param;
  if (typeof type === 'object') return z.enum(type.enum as [string, ...string[]]);
  switch (type) {
    case 'json':
      return z.json();
    case 'object':
      return z.record(z.string(), z.json());
    case 'scalar':
      return z.union([z.string().min(1).max(textCharsMax), z.number()]);
    case 'integer':
    case 'number':
      return place === 'body'
        ? within(param)
        : z
            .string()
            .regex(/^-?\d{1,15}(\.\d{1,9})?$/, 'must be a number')
            .transform(Number)
            .pipe(within(param));
    case 'boolean':
      return place === 'body'
        ? z.boolean()
        : z.enum(['true', 'false', '1', '0', 'True', 'False']).transform((text) => /^(true|1)$/i.test(text));
    case 'date':
      return (
        z
          .string()
          .regex(dateText, 'must be a date such as 2026-03-31')
          // The zone does not matter here: a day that exists in one zone exists in all.
          .refine((text) => momentsOf(text, 'UTC', 0) !== undefined, 'there is no such day or time')
      );
    case 'string':
      return z
        .string()
        .min(param.min ?? 1)
        .max(param.max ?? textCharsMax);
  }
}

function within({ type, min, max }: Param): z.ZodType<number, number> {
  let schema = type === 'integer' ? z.int() : z.number();
  if (min !== undefined) schema = schema.min(min);
  if (max !== undefined) schema = schema.max(max);
  return schema;
}
