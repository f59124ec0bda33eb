import { reject, type Rejection } from '@bitacora/event';
import type { AnyPack } from '@bitacora/pack-kit';
import type { z } from 'zod';
import { schemaOf } from './pack-params.ts';

/** What is wrong with what came for a logger, as far as its pack says what it takes. */
export function wrongArgument(
  pack: AnyPack,
  logger: string,
  body: Readonly<Record<string, unknown>>,
): Rejection | undefined {
  const params = Object.hasOwn(pack.arguments ?? {}, logger) ? pack.arguments?.[logger] : undefined;
  const parsed = params && schemaOf(params, 'body').safeParse(body);
  const issue = parsed?.error?.issues[0];
  return issue && rejectionOf(issue, { body, known: Object.keys(params ?? {}) });
}

function rejectionOf(
  issue: z.core.$ZodIssue,
  { body, known }: { body: Readonly<Record<string, unknown>>; known: readonly string[] },
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
