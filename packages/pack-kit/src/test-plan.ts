import { canonicalJson, type JsonValue } from '@bitacora/event';
import type { Plan, ReadKind, Refused } from './read.ts';
import { isRefused } from './refused.ts';
import type { Caller, Param, Params, ParamValues } from './route.ts';

type Planned = {
  readonly params?: Params;
  readonly plan: (params: ParamValues, caller: Caller) => Plan | Refused;
};

const caller: Caller = {
  id: 'u1',
  roles: ['viewer'],
  permissions: [],
  language: 'en',
  timeZone: 'UTC',
  today: '2026-03-01',
  url: 'http://localhost/path',
};

/** Problems of a route's or report's plan, called once with only its required parameters and once with all. */
export function* testPlan(planned: Planned, owner: string, allowed: readonly ReadKind[]): Generator<string> {
  const params = planned.params ?? {};
  for (const all of [false, true]) {
    const undeclared = new Set<string>();
    const values = watched(sample(params, all), params, undeclared);
    try {
      const plan = planned.plan(values, caller);
      if (canonicalJson(planned.plan(values, caller)) !== canonicalJson(plan))
        yield `${owner}: plan is not deterministic`;
      if (isRefused(plan)) continue;
      for (const [name, { read }] of Object.entries(plan)) {
        if (!allowed.includes(read)) yield `${owner}: ${name} uses ${read}, which is not allowed`;
      }
    } catch (error) {
      yield `${owner}: plan throws ${String(error)}`;
    }
    for (const name of undeclared) yield `${owner}: plan uses the parameter ${name}, which is not declared`;
  }
}

function sample(params: Params, all: boolean): ParamValues {
  const given = Object.entries(params).filter(
    ([, param]) => all || param.required === true || param.in === 'path' || param.default !== undefined,
  );
  return Object.fromEntries(given.map(([name, param]) => [name, param.default ?? sampleValue(param)]));
}

function sampleValue({ type, min }: Param): JsonValue {
  if (typeof type === 'object') return type.enum[0] ?? '';
  if (type === 'integer' || type === 'number') return min ?? 1;
  if (type === 'boolean') return true;
  if (type === 'json' || type === 'object') return {};
  return type === 'date' ? '2026-03-01' : 'x';
}

function watched(values: ParamValues, params: Params, undeclared: Set<string>): ParamValues {
  return new Proxy(values, {
    get(target, name) {
      if (typeof name !== 'string') return undefined;
      if (!Object.hasOwn(params, name)) undeclared.add(name);
      return target[name];
    },
  });
}
