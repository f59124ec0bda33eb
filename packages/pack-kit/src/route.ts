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
    /** `json`: any JSON, but not null when required; `object`: a JSON object; `scalar`: a number or text. Only in a body. */
    | 'json'
    | 'object'
    | 'scalar'
    | { readonly enum: readonly string[] };
  readonly required?: boolean;
  readonly default?: string | number | boolean;
  /** Least number, or least length of a text in UTF-16 units; default for texts: 1. */
  readonly min?: number;
  /** Greatest number, or greatest length of a text in UTF-16 units; default for texts: 2,000. */
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

/** The authenticated caller of a route. */
export type Caller = {
  /** For a user of a host: the id that they have in the host. */
  readonly id: string;
  readonly name?: string;
  readonly roles: readonly string[];
  /** Permissions of the core and of packs; with `read.all` they may read the entries of other people. */
  readonly permissions: readonly string[];
  readonly language: Language;
  readonly timeZone: string;
  /** The day in that zone, `2026-03-31`. */
  readonly today: string;
  /** The absolute URL of the request, for links to other pages. */
  readonly url: string;
};

/** Read name → the answer of the core, when the type of the plan is not known. `packRoute` types each answer by its read. */
export type Answers = Readonly<Record<string, AnswerOf<Read>>>;
/** A pack's labels as `shape` gets them. */
export type PackLabels = { readonly actions: Readonly<Record<string, Labels>>; readonly values: Vocabulary };

type Planned<Body> = {
  readonly params?: Params;
  readonly permission: string;
  /** Pure: the same parameters and caller give the same plan. */
  readonly plan: (params: ParamValues, caller: Caller) => Plan | Refused;
  /** Pure; makes the body that the client gets. */
  readonly shape: (answers: Answers, params: ParamValues, labels: PackLabels, caller: Caller) => Body;
};

export const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** `path` begins with a slash and names its path parameters in braces: `/api/loans/{id}/`. */
export type Route = Planned<JsonValue> & {
  readonly method: (typeof methods)[number];
  readonly path: string;
  /** The status of a success; default: 200. */
  readonly status?: number;
  /** For a plan that is an export: makes the row of an entry, with the columns in their order. The answer is a file. */
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
/** A repeatable answer whose tables the core renders as HTML, PDF and XLSX (planned). */
export type Report = Planned<{ readonly tables: readonly Table[] }> & { readonly labels: Labels };

/** The names in braces of a path. */
export function pathParams(path: string): string[] {
  return [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name ?? '');
}
