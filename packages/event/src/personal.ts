import { EventError } from './event-error.ts';

/** The personal values of an entry are stored and erased in these groups. */
export const groupNames = ['actor', 'subject', 'text'] as const;
export type GroupName = (typeof groupNames)[number];

/** The fields that are personal unless a pack says otherwise, and the group that holds each one. */
export const personalByDefault = Object.freeze({
  'actor.name': 'actor',
  'actor.email': 'actor',
  'actor.onBehalfOf.name': 'actor',
  'client.ip': 'actor',
  'client.userAgent': 'actor',
  'client.device': 'actor',
  'subject.name': 'subject',
  'subject.email': 'subject',
  'targets.name': 'text',
  description: 'text',
  reason: 'text',
  'error.message': 'text',
  'request.url': 'text',
  changes: 'text',
} satisfies Record<string, GroupName>);
export type PersonalField = keyof typeof personalByDefault;

/**
 * What a pack declares: further personal paths below `attributes.` or `context.`, and fields that are not personal, with
 * the reason for each.
 */
export type PersonalDeclarations = {
  readonly personal?: readonly string[];
  readonly notPersonal?: { readonly [Field in PersonalField]?: string };
};

/** Compiled declarations; `paths` are keys below the event, `['attributes', 'passport']`. */
export type PersonalPolicy = {
  readonly fields: Readonly<Record<PersonalField, boolean>>;
  readonly paths: readonly (readonly string[])[];
};

/**
 * Compiles a pack's declarations. Throws `EventError` `invalid_declaration` on a path that is not below `attributes.`
 * or `context.`, on a field that is not personal by default, and on a reason that is missing.
 */
export function compilePersonal(declarations: PersonalDeclarations = {}): PersonalPolicy {
  const lifted = declarations.notPersonal ?? {};
  for (const [field, reason] of Object.entries(lifted)) {
    if (!Object.hasOwn(personalByDefault, field)) fail(`${field} is not personal by default`);
    if (typeof reason !== 'string' || reason.trim() === '')
      fail(`${field} needs a reason not to be personal`);
  }
  const fields = Object.fromEntries(
    Object.keys(personalByDefault).map((field) => [field, !Object.hasOwn(lifted, field)]),
  ) as Record<PersonalField, boolean>;
  const paths = [...new Set(declarations.personal)].map(splitPath);
  return Object.freeze({ fields: Object.freeze(fields), paths: Object.freeze(outermost(paths)) });
}

function splitPath(path: string): readonly string[] {
  const keys = path.split('.');
  const root = keys[0];
  if ((root !== 'attributes' && root !== 'context') || keys.length < 2 || keys.includes('')) {
    fail(`${path} is not a path below attributes. or context.`);
  }
  return Object.freeze(keys);
}

// A path below another declared path is dropped, because it moves together with that one.
function outermost(paths: readonly (readonly string[])[]): (readonly string[])[] {
  return paths.filter(
    (path) =>
      !paths.some((other) => other.length < path.length && other.every((key, depth) => key === path[depth])),
  );
}

function fail(detail: string): never {
  throw new EventError('invalid_declaration', detail);
}
