import { reject, type Rejection } from '@bitacora/event';
import type { AnyPack } from '@bitacora/pack-kit';
import type { z } from 'zod';
import { schemaOf } from './pack-params.ts';

type Body = Readonly<Record<string, unknown>>;
type WrongArgument = (logger: { pack: AnyPack; name: string }, body: Body) => Rejection | undefined;

/** Says what is wrong with what came for a logger, as far as its pack says what it takes. */
export function loggerArguments(packs: readonly AnyPack[]): WrongArgument {
  // A schema costs more to make than to use.
  const schemas = new Map(
    packs.map((pack) => {
      const taken = Object.entries(pack.arguments ?? {});
      return [pack, new Map(taken.map(([name, params]) => [name, schemaOf(params, 'body')]))] as const;
    }),
  );
  return ({ pack, name }, body) => {
    const schema = schemas.get(pack)?.get(name);
    const [issue] = schema?.safeParse(body).error?.issues ?? [];
    return issue && rejectionOf(issue, { body, known: Object.keys(schema?.shape ?? {}) });
  };
}

function rejectionOf(
  issue: z.core.$ZodIssue,
  { body, known }: { body: Body; known: readonly string[] },
): Rejection {
  if (issue.code === 'unrecognized_keys')
    return reject('unknown_field', issue.keys[0] ?? '', { detail: `this logger takes ${known.join(', ')}` });
  const name = String(issue.path[0] ?? '');
  const field = issue.path.map(String).join('.');
  if ((body[name] ?? null) === null) return reject('required', name);
  if (issue.code === 'invalid_value') return reject('not_allowed', field, { detail: issue.message });
  if (issue.code === 'too_big' || issue.code === 'too_small')
    return reject('out_of_range', field, { detail: issue.message });
  return reject('wrong_type', field, { detail: issue.message });
}

/** What the hosts call a field of an event, of one that a logger made if that is named. */
export function hostField(
  { fieldNames = {}, arguments: taken = {} }: AnyPack,
  field: string,
  logger = '',
): string {
  const given = Object.hasOwn(fieldNames, field) ? fieldNames[field] : undefined;
  const names = typeof given === 'string' ? [given] : (given ?? []);
  const params = Object.hasOwn(taken, logger) ? taken[logger] : undefined;
  return names.find((name) => params && Object.hasOwn(params, name)) ?? names[0] ?? field;
}
