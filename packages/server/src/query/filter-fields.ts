import { levels, operations, outcomes } from '@bitacora/event';
import { keyOf, personalKeyOf, wordsOf, type Token } from './terms.ts';
import { allOf, anyOf, type Condition } from './condition.ts';

/** How entries are found by one qualifier. */
export interface FilterField {
  /** Condition for one exact value. */
  equal(value: string, token: Token): Condition;
  /**
   * Field of the index whose values are compared with wildcards and ranges. Absent for a personal field, where only whole
   * values match.
   */
  scanned?: string;
  /** Values in ascending order, when they are not ordered as numbers or letters. */
  order?: readonly string[];
  /** The values that the field can have; absent when any value is possible. */
  allowed?: readonly string[];
}

const exact = (field: string, extra: Partial<FilterField> = {}): FilterField => ({
  equal: (value, token) => ({ kind: 'keys', keys: [keyOf(field, value, token)] }),
  scanned: field,
  ...extra,
});

const personal = (field: string): FilterField => ({
  equal: (value, token) => ({ kind: 'keys', keys: [personalKeyOf(field, value.toLowerCase(), token)] }),
});

/** An actor is found by id, by e-mail or by all words of a name. */
const actor: FilterField = {
  equal: (value, token) => {
    const words = wordsOf(value).map((word): Condition => ({
      kind: 'keys',
      keys: [personalKeyOf('actor.name', word, token)],
    }));
    const id: Condition = {
      kind: 'keys',
      keys: [keyOf('actor', value, token), personalKeyOf('actor.email', value.toLowerCase(), token)],
    };
    return words.length === 0 ? id : anyOf([id, allOf(words)]);
  },
  scanned: 'actor',
};

/** Every qualifier of `q`, most with a parameter of the same name. `attributes.x` and `context.x` are fields, too. */
export const filterFields: Readonly<Record<string, FilterField>> = {
  actor,
  'actor.id': exact('actor'),
  'actor.type': exact('actor.type'),
  'actor.role': exact('actor.role'),
  'actor.email': personal('actor.email'),
  role: exact('actor.role'),
  action: exact('action'),
  operation: exact('operation', { allowed: operations }),
  target: {
    equal: (value, token) => ({
      kind: 'keys',
      keys: [keyOf(value.includes('/') ? 'target' : 'target.id', value, token)],
    }),
    scanned: 'target',
  },
  'target.type': exact('target.type'),
  'target.id': exact('target.id'),
  outcome: exact('outcome', { allowed: outcomes }),
  level: exact('level', { allowed: levels, order: levels }),
  module: exact('module'),
  subject: exact('subject'),
  'subject.type': exact('subject.type'),
  'subject.email': personal('subject.email'),
  onBehalfOf: exact('onBehalfOf'),
  correlationId: exact('correlationId'),
  correlation: exact('correlationId'),
  sessionId: exact('sessionId'),
  session: exact('sessionId'),
  traceId: exact('traceId'),
  ip: personal('ip'),
  country: exact('country'),
  tag: exact('tag'),
  status: exact('status'),
  method: exact('method'),
  'error.code': exact('error.code'),
  durationMs: exact('durationMs'),
  amount: exact('amount'),
  currency: exact('currency'),
  sensitive: exact('sensitive', { allowed: ['true'] }),
  reviewRequired: exact('reviewRequired', { allowed: ['true'] }),
  'changes.path': exact('changes.path'),
};

/** The field of a qualifier, or undefined when there is none of that name. */
export function filterField(name: string): FilterField | undefined {
  if (Object.hasOwn(filterFields, name)) return filterFields[name];
  const nested = /^(attributes|context)\.(?:"(.+)"|(.+))$/u.exec(name);
  const path = nested?.[2] ?? nested?.[3];
  if (!nested || path === undefined) return undefined;
  const field = `${nested[1]}.${path}`;
  return exact(field, {
    equal: (value, token) => ({
      kind: 'keys',
      keys: [keyOf(field, value, token), personalKeyOf(field, value.toLowerCase(), token)],
    }),
  });
}
