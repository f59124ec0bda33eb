import type { Captured, EventInput, JsonObject, JsonValue, Target } from '@bitacora/event';
import type { Audit, CaptureInput, CaptureOptions } from '../audit.ts';

type Kind = 'string' | 'number' | 'boolean' | 'date' | 'object' | 'json';

/**
 * The type of an attribute. With `?`, as in `'number?'`, the attribute may be absent. A list holds the texts that are allowed;
 * with `{ optional: list }` the attribute may be absent. `date` is a time of RFC 3339 or a date such as `2026-03-01`; `json`
 * is any value.
 */
export type AttributeSpec =
  Kind | `${Kind}?` | readonly [string, ...string[]] | { readonly optional: readonly string[] };

type Attributes = Readonly<Record<string, AttributeSpec>>;

/**
 * What the events of an action must have. Without `target` they may have any target or none. Without `attributes` they may
 * have no attributes; with `'any'` they may have all.
 */
export interface EventSpec {
  /** The type of the target that each event of this action names. */
  readonly target?: string;
  readonly attributes?: Attributes | 'any';
  /** Fields that every event of this action has unless it says otherwise. */
  readonly defaults?: Pick<
    EventInput,
    'operation' | 'level' | 'module' | 'outcome' | 'sensitive' | 'reviewRequired' | 'tags'
  >;
}

export type EventSpecs = Readonly<Record<string, EventSpec>>;

interface ValueOfKind {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
  readonly date: string;
  readonly object: JsonObject;
  readonly json: JsonValue;
}
type ValueOf<Spec> = Spec extends readonly (infer Choice)[]
  ? Choice
  : Spec extends { readonly optional: readonly (infer Choice)[] }
    ? Choice
    : Spec extends Kind
      ? ValueOfKind[Spec]
      : Spec extends `${infer Optional extends Kind}?`
        ? ValueOfKind[Optional]
        : never;
type OptionalKeys<Specs> = {
  [Key in keyof Specs]: Specs[Key] extends `${string}?` | { readonly optional: unknown } ? Key : never;
}[keyof Specs];
type AttributesOf<Specs> = {
  readonly [Key in Exclude<keyof Specs, OptionalKeys<Specs>>]: ValueOf<Specs[Key]>;
} & {
  readonly [Key in OptionalKeys<Specs>]?: ValueOf<Specs[Key]>;
};
type AttributesField<Spec> = Spec extends { readonly attributes: 'any' }
  ? { readonly attributes?: JsonObject }
  : Spec extends { readonly attributes: infer Specs extends Attributes }
    ? Exclude<keyof Specs, OptionalKeys<Specs>> extends never
      ? { readonly attributes?: AttributesOf<Specs> }
      : { readonly attributes: AttributesOf<Specs> }
    : { readonly attributes?: never };
type TargetField<Spec> = Spec extends { readonly target: infer Type extends string }
  ? { readonly target: Omit<Target, 'type'> & { readonly type: Type }; readonly targets?: never }
  : { readonly target?: Target; readonly targets?: readonly Target[] };

/** The events that `Specs` allows: one form for each action. */
export type DefinedEvent<Specs extends EventSpecs> = {
  [Action in keyof Specs & string]: Omit<CaptureInput, 'action' | 'attributes' | 'target' | 'targets'> & {
    readonly action: Action;
  } & AttributesField<Specs[Action]> &
    TargetField<Specs[Action]>;
}[keyof Specs & string];

/** A difference between an event and its definition that the compiler could not see: in JavaScript, or after a cast. */
export interface Violation {
  readonly action: string;
  /** The path of the field, such as `attributes.amount`. */
  readonly field: string;
  readonly message: string;
}

export interface TypedAudit<Specs extends EventSpecs> extends Omit<Audit, 'capture'> {
  capture(event: DefinedEvent<Specs>, options?: CaptureOptions): Captured;
}

export interface DefinedEvents<Specs extends EventSpecs> {
  readonly specs: Specs;
  /** Compares an event with its definition; the list is empty when it fits. Never throws. */
  check(event: unknown): readonly Violation[];
  /**
   * Wraps an audit, so that its `capture` takes only these events. An event that still differs from its definition is reported
   * to `onViolation` (by default a warning of the process) and captured as it is, because a wrong attribute must not lose an
   * event.
   */
  typed(audit: Audit, onViolation?: (violation: Violation) => void): TypedAudit<Specs>;
}

/** Declares the events of an application: the compiler then knows its actions and their fields. */
export function defineEvents<const Specs extends EventSpecs>(specs: Specs): DefinedEvents<Specs> {
  const specOf = new Map<unknown, EventSpec>(Object.entries(specs));
  const check = (event: unknown): readonly Violation[] => {
    try {
      return violationsOf(event, specOf);
    } catch {
      return [{ action: '', field: '', message: 'the event cannot be read' }];
    }
  };
  return Object.freeze({
    specs,
    check,
    typed: (audit: Audit, onViolation: (violation: Violation) => void = warn) =>
      Object.freeze({
        ...audit,
        capture(event: DefinedEvent<Specs>, options?: CaptureOptions): Captured {
          for (const violation of check(event)) report(onViolation, violation);
          return audit.capture(withDefaults(event, specOf), options);
        },
      }),
  });
}

/** Adds the defaults. An event that cannot be read is returned as it is; the audit rejects it, and `capture` does not throw. */
function withDefaults<Event extends CaptureInput>(
  event: Event,
  specOf: ReadonlyMap<unknown, EventSpec>,
): Event {
  try {
    return { ...specOf.get(event.action)?.defaults, ...event };
  } catch {
    return event;
  }
}

function violationsOf(event: unknown, specOf: ReadonlyMap<unknown, EventSpec>): readonly Violation[] {
  const fields = members(event);
  const action = fields.get('action');
  const named = typeof action === 'string' ? action : '';
  const spec = specOf.get(action);
  if (spec === undefined)
    return [{ action: named, field: 'action', message: 'not one of the defined actions' }];
  const wrong: Violation[] = [];
  const type = members(fields.get('target')).get('type');
  if (spec.target !== undefined && type !== spec.target) {
    wrong.push({ action: named, field: 'target.type', message: `must be ${spec.target}` });
  }
  if (spec.attributes === 'any') return wrong;
  const attributes = members(fields.get('attributes'));
  const specs = new Map(Object.entries(spec.attributes ?? {}));
  for (const name of new Set([...attributes.keys(), ...specs.keys()])) {
    const message = attributeFault(attributes.get(name), specs.get(name));
    if (message !== undefined) wrong.push({ action: named, field: `attributes.${name}`, message });
  }
  return wrong;
}

function attributeFault(value: unknown, spec: AttributeSpec | undefined): string | undefined {
  if (spec === undefined) return value === undefined ? undefined : 'not defined for this action';
  if (typeof spec !== 'string') {
    const isOptional = 'optional' in spec;
    const choices = isOptional ? spec.optional : spec;
    const fits = choices.some((choice) => choice === value) || (isOptional && value === undefined);
    return fits ? undefined : `one of ${choices.join(', ')}`;
  }
  const kind = spec.replace('?', '');
  if (value === undefined) return kind === spec ? 'required' : undefined;
  return isOfKind(value, kind) ? undefined : `must be ${kind === 'object' ? 'an' : 'a'} ${kind}`;
}

function isOfKind(value: unknown, kind: string): boolean {
  if (kind === 'json') return true;
  if (kind === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return kind === 'date' ? typeof value === 'string' && dateForm.test(value) : typeof value === kind;
}

/** The form of a date. Only the server checks that the date exists. */
const dateForm = /^\d{4}-\d\d-\d\d($|[Tt ])/;

function members(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

function warn({ action, field, message }: Violation): void {
  process.emitWarning(`the event ${action} has a wrong ${field}: ${message}`, { code: 'BITACORA_EVENT' });
}

function report(onViolation: (violation: Violation) => void, violation: Violation): void {
  try {
    onViolation(violation);
  } catch {
    // The event is captured even if the host's callback throws.
  }
}
