import type { JsonObject, JsonValue } from '@bitacora/event';
import type { Labels, Language, Vocabulary } from './labels.ts';
import type { AnswerOf, AnswersOf, EntryAnswer } from './answer.ts';
import type { Plan, Read, Refused } from './read.ts';

/** A parameter of a route or report. Bare dates are days of the organisation's time zone. */
export type Param = {
  readonly in: 'path' | 'query' | 'body';
  readonly type:
    | 'string'
    | 'integer'
    | 'number'
    | 'boolean'
    | 'date'
    /** Any JSON (but not null where it is required), a JSON object, a number or text; in a body only. */
    | 'json'
    | 'object'
    | 'scalar'
    | { readonly enum: readonly string[] };
  readonly required?: boolean;
  readonly default?: string | number | boolean;
  /** Of a text: UTF-16 units; absent: 1. */
  readonly min?: number;
  /** Of a text: UTF-16 units; absent: 2,000. */
  readonly max?: number;
};
export type Params = Readonly<Record<string, Param>>;
export type ParamValues = Readonly<Record<string, JsonValue | undefined>>;

type ValueOf<P extends Param> = P['type'] extends { readonly enum: readonly (infer Word)[] }
  ? Word
  : P['type'] extends 'string' | 'date'
    ? string
    : P['type'] extends 'integer' | 'number'
      ? number
      : P['type'] extends 'boolean'
        ? boolean
        : P['type'] extends 'object'
          ? JsonObject
          : P['type'] extends 'scalar'
            ? string | number
            : JsonValue;
/** A parameter of the path, a required one and one with a default always have a value. */
type IsGiven<P extends Param> = P extends
  { readonly in: 'path' } | { readonly required: true } | { readonly default: string | number | boolean }
  ? true
  : false;
/** The values that a route gets for its parameters. */
export type ValuesOf<Ps extends Params> = {
  readonly [Name in keyof Ps as IsGiven<Ps[Name]> extends true ? Name : never]: ValueOf<Ps[Name]>;
} & {
  readonly [Name in keyof Ps as IsGiven<Ps[Name]> extends true ? never : Name]?:
    ValueOf<Ps[Name]> | undefined;
};

/** Who asks, after authentication. */
export type Caller = {
  /** Of a host's own user: the id by which the host knows them. */
  readonly id: string;
  readonly name?: string;
  readonly roles: readonly string[];
  /** Of the core and of packs; `read.all`: they reach the entries of others. */
  readonly permissions: readonly string[];
  readonly language: Language;
  readonly timeZone: string;
  /** The day in that zone, `2026-03-31`. */
  readonly today: string;
  /** What was asked for, absolute: for the links of pages. */
  readonly url: string;
};

/** Read name → what the core answered, where the plan is not known. `packRoute` types each answer by its read. */
export type Answers = Readonly<Record<string, AnswerOf<Read>>>;
/** A pack's labels as `shape` gets them. */
export type PackLabels = { readonly actions: Readonly<Record<string, Labels>>; readonly values: Vocabulary };

type Planned<Body> = {
  readonly params?: Params;
  readonly permission: string;
  /** Pure: the same parameters and caller give the same plan. */
  readonly plan: (params: ParamValues, caller: Caller) => Plan | Refused;
  /** Pure; what the client gets. */
  readonly shape: (answers: Answers, params: ParamValues, labels: PackLabels, caller: Caller) => Body;
};

export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** `path` begins with a slash and names its path parameters in braces: `/api/loans/{id}/`. */
export type Route = Planned<JsonValue> & {
  readonly method: (typeof methods)[number];
  readonly path: string;
  /** Of a success; 200 by default. */
  readonly status?: number;
  /** Where the plan is an export: what becomes of an entry, the columns in their order. Its answer is a file. */
  readonly row?: (entry: EntryAnswer, labels: PackLabels) => JsonObject;
};

/** A route whose functions are typed by its parameters and by the reads of its plan. */
export type PackRoute<Ps extends Params, P extends Plan> = Omit<Route, 'params' | 'plan' | 'shape'> & {
  readonly params?: Ps;
  readonly plan: (params: ValuesOf<Ps>, caller: Caller) => P | Refused;
  readonly shape: (
    answers: AnswersOf<NoInfer<P>>,
    params: ValuesOf<NoInfer<Ps>>,
    labels: PackLabels,
    caller: Caller,
  ) => JsonValue;
};

/**
 * Types `plan` by the parameters, and `shape` by what the core answers to the reads of the plan. The core checks the
 * parameters against their types, and answers each read of the plan, before it calls `shape`.
 */
export function packRoute<P extends Plan, const Ps extends Params = Record<never, never>>(
  route: PackRoute<Ps, P>,
): Route {
  return route as unknown as Route;
}

export type Table = {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly JsonValue[])[];
};
/** A rendered, repeatable answer; the core turns its tables into HTML, PDF, XLSX. */
export type Report = Planned<{ readonly tables: readonly Table[] }> & { readonly labels: Labels };

/** The names in braces of a path. */
export function pathParams(path: string): string[] {
  return [...path.matchAll(/\{([^}]*)\}/g)].map((found) => found[1] ?? '');
}
