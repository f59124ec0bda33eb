import type { Captured, EventInput, JsonValue, Target } from '@bitacora/event';
import type { Audit, CaptureInput, CaptureOptions } from '../audit.ts';

/** `'number?'` may be absent; a list is a choice of texts; `json` is any value. */
export type AttributeSpec =
  | 'string'
  | 'number'
  | 'boolean'
  | 'json'
  | 'string?'
  | 'number?'
  | 'boolean?'
  | 'json?'
  | readonly [string, ...string[]];

/** What an action's events must say. Without `target`, any or none; without `attributes`, none. */
export interface EventSpec {
  /** The type of the target that each event of this action names. */
  readonly target?: string;
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  /** Fields that every event of this action has unless it says otherwise. */
  readonly defaults?: Pick<
    EventInput,
    'operation' | 'level' | 'module' | 'outcome' | 'sensitive' | 'reviewRequired' | 'tags'
  >;
}

export type EventSpecs = Readonly<Record<string, EventSpec>>;

type ValueOf<Spec> = Spec extends readonly (infer Choice)[]
  ? Choice
  : Spec extends 'string' | 'string?'
    ? string
    : Spec extends 'number' | 'number?'
      ? number
      : Spec extends 'boolean' | 'boolean?'
        ? boolean
        : JsonValue;
type OptionalKeys<Specs> = {
  [Key in keyof Specs]: Specs[Key] extends `${string}?` ? Key : never;
}[keyof Specs];
type AttributesOf<Specs> = {
  readonly [Key in Exclude<keyof Specs, OptionalKeys<Specs>>]: ValueOf<Specs[Key]>;
} & {
  readonly [Key in OptionalKeys<Specs>]?: ValueOf<Specs[Key]>;
};
type AttributesField<Spec> = Spec extends { readonly attributes: infer Specs }
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

/** An event that broke its definition, where the types could not tell: in JavaScript, or after a cast. */
export interface Violation {
  readonly action: string;
  /** `attributes.amount`. */
  readonly field: string;
  readonly message: string;
}

export interface TypedAudit<Specs extends EventSpecs> extends Omit<Audit, 'capture'> {
  capture(event: DefinedEvent<Specs>, options?: CaptureOptions): Captured;
}

export interface DefinedEvents<Specs extends EventSpecs> {
  readonly specs: Specs;
  /** What is wrong with an event by these definitions; empty when nothing is. Never throws. */
  check(event: unknown): readonly Violation[];
  /**
   * The same audit, whose `capture` takes only these events. One that breaks its definition all the same is told to
   * `onViolation` (by default a process warning) and captured as it is: a wrong attribute must not lose an event.
   */
  typed(audit: Audit, onViolation?: (violation: Violation) => void): TypedAudit<Specs>;
}

/** Declares the events of an application: the compiler then knows its actions and their fields. */
export function defineEvents<const Specs extends EventSpecs>(specs: Specs): DefinedEvents<Specs> {
  const known = new Map<unknown, EventSpec>(Object.entries(specs));
  const check = (event: unknown): readonly Violation[] => {
    try {
      return violationsOf(event, known);
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
          for (const violation of check(event)) tell(onViolation, violation);
          return audit.capture({ ...known.get(event.action)?.defaults, ...event }, options);
        },
      }),
  });
}

function violationsOf(event: unknown, known: ReadonlyMap<unknown, EventSpec>): readonly Violation[] {
  const fields = members(event);
  const action = fields.get('action');
  const named = typeof action === 'string' ? action : '';
  const spec = known.get(action);
  if (spec === undefined)
    return [{ action: named, field: 'action', message: 'not one of the defined actions' }];
  const wrong: Violation[] = [];
  const type = members(fields.get('target')).get('type');
  if (spec.target !== undefined && type !== spec.target) {
    wrong.push({ action: named, field: 'target.type', message: `must be ${spec.target}` });
  }
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
  if (typeof spec !== 'string')
    return spec.some((choice) => choice === value) ? undefined : `one of ${spec.join(', ')}`;
  const type = spec.replace('?', '');
  if (value === undefined) return type === spec ? 'required' : undefined;
  return type === 'json' || typeof value === type ? undefined : `must be a ${type}`;
}

function members(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

function warn({ action, field, message }: Violation): void {
  process.emitWarning(`the event ${action} has a wrong ${field}: ${message}`, { code: 'BITACORA_EVENT' });
}

function tell(onViolation: (violation: Violation) => void, violation: Violation): void {
  try {
    onViolation(violation);
  } catch {
    // The host's callback must not keep an event from being captured.
  }
}
