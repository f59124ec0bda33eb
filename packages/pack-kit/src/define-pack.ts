import { closeReasons } from './close-reason.ts';
import { compilePersonal, levels, operations } from '@bitacora/event';
import type { AttributeTypes } from './attribute-types.ts';
import { missingLanguages } from './labels.ts';
import {
  loggersOf,
  type Actions,
  type AnyPack,
  type Loggers,
  type Pack,
  type PackDeclaration,
} from './pack.ts';
import { PackError } from './pack-error.ts';
import { methods, pathParams, type Params, type Route } from './route.ts';

const PACK_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const ACTION_NAME = /^[a-z][a-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)+$/;
const NAME_LENGTH_MAX_CHARS = 40;
const bodyTypes = ['json', 'object', 'scalar'] as const;

/**
 * Checks a pack's declaration and freezes it. Its action names and attribute types become the types of its loggers'
 * events. Throws `PackError` with every problem found.
 */
export function definePack<
  const A extends Actions,
  const T extends AttributeTypes = AttributeTypes,
  const L extends Loggers = Loggers,
>(declaration: PackDeclaration<A, T, L>): Pack<A, T, L> {
  const problems = [...problemsOf(declaration)];
  if (problems.length > 0) throw new PackError(declaration.name, problems);
  return Object.freeze({ ...declaration, policy: compilePersonal(declaration.personal) });
}

function* problemsOf(pack: Omit<AnyPack, 'policy'>): Generator<string> {
  if (!PACK_NAME.test(pack.name) || pack.name.length > NAME_LENGTH_MAX_CHARS || pack.name === 'audit') {
    yield `name: ${pack.name} is not kebab-case of at most ${NAME_LENGTH_MAX_CHARS} letters, or is taken`;
  }
  yield* actionProblems(pack.actions);
  yield* vocabularyProblems(pack);
  yield* recentProblems(pack);
  yield* personalProblems(pack);
  if (
    typeof pack.retention === 'object' &&
    !(Number.isInteger(pack.retention.days) && pack.retention.days > 0)
  ) {
    yield 'retention: days is not a whole number above 0';
  }
  for (const part of ['rules', 'reports', 'views'] as const) {
    for (const [name, { labels }] of Object.entries(pack[part] ?? {}))
      yield* labelProblems(`${part}.${name}`, labels);
  }
  for (const [name, report] of Object.entries(pack.reports ?? {})) {
    yield* paramProblems(`reports.${name}`, report.params ?? {}, []);
  }
  yield* routeProblems(pack.routes ?? []);
  yield* argumentProblems(pack);
  yield* sessionProblems(pack);
  yield* commandProblems(pack);
}

function* commandProblems({ commands = {}, routes = [] }: Omit<AnyPack, 'policy'>): Generator<string> {
  for (const [name, { route, labels, options = {} }] of Object.entries(commands)) {
    yield* labelProblems(`commands.${name}`, labels);
    const called = routes.find(({ method, path }) => `${method} ${path}` === route);
    if (!called) yield `commands.${name}: there is no route ${route}`;
    for (const parameter of Object.values(options)) {
      if (called && called.params?.[parameter] === undefined)
        yield `commands.${name}: ${route} has no parameter ${parameter}`;
    }
  }
}

function* argumentProblems(pack: Omit<AnyPack, 'policy'>): Generator<string> {
  if (pack.arguments === undefined) return;
  const loggers = loggersOf(pack, () => undefined);
  for (const [name, params] of Object.entries(pack.arguments)) {
    if (!Object.hasOwn(loggers, name)) yield `arguments: there is no logger ${name}`;
    yield* paramProblems(`arguments.${name}`, params, []);
    for (const [key, param] of Object.entries(params)) {
      if (param.in !== 'body') yield `arguments.${name}: ${key} is not in the body`;
    }
  }
}

function* sessionProblems({ sessions, actions }: Omit<AnyPack, 'policy'>): Generator<string> {
  for (const [action, reason] of Object.entries(sessions?.close ?? {})) {
    if (!closeReasons.includes(reason)) yield `sessions.close.${action}: unknown reason ${reason}`;
  }
  for (const action of [...(sessions?.open ?? []), ...Object.keys(sessions?.close ?? {})]) {
    if (!Object.hasOwn(actions, action)) yield `sessions: the action ${action} is not declared`;
  }
}

function* actionProblems(actions: Actions): Generator<string> {
  if (Object.keys(actions).length === 0) yield 'actions: there are none';
  for (const [name, { operation, level, labels }] of Object.entries(actions)) {
    if (!ACTION_NAME.test(name)) yield `actions: ${name} is not noun.verb in small letters`;
    if (!operations.includes(operation)) yield `actions.${name}: unknown operation ${operation}`;
    if (level !== undefined && !levels.includes(level)) yield `actions.${name}: unknown level ${level}`;
    yield* labelProblems(`actions.${name}`, labels);
  }
}

function* vocabularyProblems(pack: Omit<AnyPack, 'policy'>): Generator<string> {
  for (const [field, values] of Object.entries(pack.labels ?? {})) {
    for (const [value, labels] of Object.entries(values))
      yield* labelProblems(`labels.${field}.${value}`, labels);
  }
  for (const path of pack.indexed ?? []) {
    const name = /^attributes\.([^.]+)/.exec(path)?.[1];
    if (name === undefined) yield `indexed: ${path} is not below attributes.`;
    else if (pack.attributes !== undefined && !Object.hasOwn(pack.attributes, name)) {
      yield `indexed: ${path} is not declared in attributes`;
    }
  }
}

function* recentProblems({ recent, attributes }: Omit<AnyPack, 'policy'>): Generator<string> {
  for (const fields of recent?.indexes ?? []) {
    if (fields.length === 0) yield 'recent: an index has no fields';
    for (const field of fields) {
      const name = /^attributes\.([^.]+)/.exec(field)?.[1];
      if (name !== undefined && attributes !== undefined && !Object.hasOwn(attributes, name))
        yield `recent: ${field} is not declared in attributes`;
    }
  }
  for (const limit of ['days', 'entriesMaxPerKey'] as const) {
    const value = recent?.[limit];
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      yield `recent: ${limit} is not a whole number above 0`;
  }
}

function* personalProblems(pack: Omit<AnyPack, 'policy'>): Generator<string> {
  try {
    compilePersonal(pack.personal);
  } catch (error) {
    yield `personal: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function* routeProblems(routes: readonly Route[]): Generator<string> {
  const seen = new Set<string>();
  for (const { method, path, params, permission } of routes) {
    const route = `${method} ${path}`;
    // Two paths that differ only in the names of their parameters match the same requests.
    const pattern = `${method} ${path.replaceAll(/\{[^}]*\}/g, '{}')}`;
    if (seen.has(pattern)) yield `routes: ${route} is there twice`;
    seen.add(pattern);
    if (!methods.includes(method)) yield `routes: ${route}: unknown method`;
    if (!path.startsWith('/')) yield `routes: ${route}: the path does not begin with /`;
    if (permission.trim() === '') yield `routes: ${route}: no permission`;
    yield* paramProblems(`routes: ${route}`, params ?? {}, pathParams(path));
  }
}

function* paramProblems(owner: string, params: Params, inPath: readonly string[]): Generator<string> {
  for (const name of inPath) {
    if (params[name]?.in !== 'path') yield `${owner}: {${name}} is not declared as a path parameter`;
  }
  for (const [name, param] of Object.entries(params)) {
    if (param.in !== 'body' && bodyTypes.some((type) => type === param.type))
      yield `${owner}: ${name} is JSON, but not in the body`;
    if (param.in === 'path' && !inPath.includes(name)) yield `${owner}: ${name} is not in the path`;
    if (typeof param.type === 'object' && param.type.enum.length === 0)
      yield `${owner}: ${name} has no values`;
  }
}

function* labelProblems(owner: string, labels: unknown): Generator<string> {
  const missing = missingLanguages(labels);
  if (missing.length > 0) yield `${owner}: no label in ${missing.join(', ')}`;
}
