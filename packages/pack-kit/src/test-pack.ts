import { canonicalJson, parseEvent, type AuditEvent } from '@bitacora/event';
import { checkAttributes } from './attribute-types.ts';
import { missingLanguages } from './labels.ts';
import type { AnyPack, DirectoryRecord } from './pack.ts';
import { readKinds } from './read.ts';
import { testPlan } from './test-plan.ts';

/**
 * Every problem of a pack, one line each; empty when the pack is valid: three languages, examples that parse and
 * fit the vocabulary, admission and plans that are pure and deterministic, reads that exist, rules with examples.
 */
export function testPack(pack: AnyPack): string[] {
  return [
    ...labelFailures(pack),
    ...exampleFailures(pack),
    ...demoFailures(pack),
    ...ruleFailures(pack),
    ...planFailures(pack),
  ];
}

function* labelFailures(pack: AnyPack): Generator<string> {
  for (const [name, { labels }] of Object.entries(pack.actions)) {
    const missing = missingLanguages(labels);
    if (missing.length > 0) yield `actions.${name}: no label in ${missing.join(', ')}`;
  }
  for (const [name, type] of Object.entries(pack.attributes ?? {})) {
    if (typeof type !== 'object') continue;
    for (const value of type.enum) {
      const missing = missingLanguages(pack.labels?.[`attributes.${name}`]?.[value]);
      if (missing.length > 0) yield `labels.attributes.${name}.${value}: no label in ${missing.join(', ')}`;
    }
  }
}

function* exampleFailures(pack: AnyPack): Generator<string> {
  const examples = pack.examples ?? [];
  if (examples.length === 0) yield 'examples: there are none';
  for (const [i, example] of examples.entries()) {
    const owner = `examples[${i}]`;
    const event = yield* parsed(pack, example, owner);
    if (event !== undefined) yield* admissionFailures(pack, event, owner);
  }
}

const demoEndsAt = Date.UTC(2026, 2, 1, 12);

function* demoFailures({ demo, ...pack }: AnyPack): Generator<string> {
  const events = demo?.(demoEndsAt) ?? [];
  for (const [i, event] of events.entries()) {
    const owner = `demo[${i}]`;
    const read = yield* parsed(pack, event, owner);
    if (read === undefined) continue;
    if ((read.occurredAt ?? '') > new Date(demoEndsAt).toISOString()) yield `${owner}: is not in the past`;
    yield* admissionFailures(pack, read, owner);
  }
}

function* parsed(pack: AnyPack, input: object, owner: string): Generator<string, AuditEvent | undefined> {
  const result = parseEvent(input, { createId: () => '0195512f-7c80-7000-8000-000000000000' });
  if (!result.ok) {
    yield `${owner}: ${result.rejection.field} ${result.rejection.message}`;
    return undefined;
  }
  const { event } = result;
  if (!Object.hasOwn(pack.actions, event.action))
    yield `${owner}: the action ${event.action} is not declared`;
  const refused =
    pack.attributes === undefined ? undefined : checkAttributes(event.attributes, pack.attributes);
  if (refused !== undefined) yield `${owner}: ${refused.field} ${refused.message}`;
  return event;
}

function* admissionFailures(pack: AnyPack, event: AuditEvent, owner: string): Generator<string> {
  const { admission } = pack;
  if (admission === undefined) return;
  const before = canonicalJson(event);
  try {
    const keys = admission.needs(event);
    if (canonicalJson(admission.needs(event)) !== canonicalJson(keys))
      yield `${owner}: needs is not deterministic`;
    const full = new Map<string, DirectoryRecord>(
      keys.map((key) => [`${key.type}/${key.id}`, { ...key, name: 'x' }]),
    );
    for (const records of [full, new Map<string, DirectoryRecord>()]) {
      const admitted = admission.admit(event, records);
      if (canonicalJson(admission.admit(event, records)) !== canonicalJson(admitted)) {
        yield `${owner}: admit is not deterministic`;
      }
      if (admitted.ok && !parseEvent(admitted.event).ok)
        yield `${owner}: admit makes an event that does not parse`;
      if (admitted.ok && admitted.event.id !== event.id) yield `${owner}: admit changes the id`;
    }
  } catch (error) {
    yield `${owner}: admission throws ${String(error)}`;
  }
  if (canonicalJson(event) !== before) yield `${owner}: admission changes the event it is given`;
}

function* ruleFailures(pack: AnyPack): Generator<string> {
  for (const [name, { examples }] of Object.entries(pack.rules ?? {})) {
    for (const wanted of [true, false]) {
      if (!examples.some(({ matches }) => matches === wanted)) {
        yield `rules.${name}: no example that it must ${wanted ? '' : 'not '}find`;
      }
    }
    for (const [i, { events }] of examples.entries()) {
      for (const event of events) yield* parsed(pack, event, `rules.${name}.examples[${i}]`);
    }
  }
}

function* planFailures(pack: AnyPack): Generator<string> {
  for (const route of pack.routes ?? []) yield* testPlan(route, `${route.method} ${route.path}`, readKinds);
  for (const [name, report] of Object.entries(pack.reports ?? {})) {
    // A report must not read reports, since it could read itself.
    const allowed = readKinds.filter(
      (kind) => !['report', 'export', 'append', 'session.close'].includes(kind),
    );
    yield* testPlan(report, `reports.${name}`, allowed);
  }
}
