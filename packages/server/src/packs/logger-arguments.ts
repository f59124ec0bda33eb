import { reject, type Rejection } from '@bitacora/event';
import type { AnyPack } from '@bitacora/pack-kit';
import type { z } from 'zod';
import { schemaOf } from './pack-params.ts';

type Body = Readonly<Record<string, unknown>>;
type WrongArgument = (logger: { pack: AnyPack; name: string }, body: Body) => Rejection | undefined;

/** A function that finds the faults in the body for a logger. It checks only the arguments that the pack declares. */
export function loggerArguments(packs: readonly AnyPack[]): WrongArgument {
  // Schemas are made once, because making one takes longer than using it.
  const schemas = new Map(
    packs.map((pack) => {
      const declared = Object.entries(pack.arguments ?? {});
      return [pack, new Map(declared.map(([name, params]) => [name, schemaOf(params, 'body')]))] as const;
    }),
  );
  return ({ pack, name }, body) => {
    const schema = schemas.get(pack)?.get(name);
    const [issue] = schema?.safeParse(body).error?.issues ?? [];
    return issue && rejectionOf(issue, { body, names: Object.keys(schema?.shape ?? {}) });
  };
}

function rejectionOf(
  issue: z.core.$ZodIssue,
  { body, names }: { body: Body; names: readonly string[] },
): Rejection {
  if (issue.code === 'unrecognized_keys')
    return reject('unknown_field', issue.keys[0] ?? '', { detail: `this logger takes ${names.join(', ')}` });
  const name = String(issue.path[0] ?? '');
  const field = issue.path.map(String).join('.');
  if ((body[name] ?? null) === null) return reject('required', name);
  if (issue.code === 'invalid_value') return reject('not_allowed', field, { detail: issue.message });
  if (issue.code === 'too_big' || issue.code === 'too_small')
    return reject('out_of_range', field, { detail: issue.message });
  return reject('wrong_type', field, { detail: issue.message });
}

/**
 * The name that the hosts use for a field of an event. When a logger is named, it is the name of the argument of this
 * logger.
 */
export function hostField(
  { fieldNames = {}, arguments: argumentsOf = {} }: AnyPack,
  field: string,
  logger = '',
): string {
  const given = Object.hasOwn(fieldNames, field) ? fieldNames[field] : undefined;
  const names = typeof given === 'string' ? [given] : (given ?? []);
  const params = Object.hasOwn(argumentsOf, logger) ? argumentsOf[logger] : undefined;
  return names.find((name) => params && Object.hasOwn(params, name)) ?? names[0] ?? field;
}
