import type { JsonValue } from '@bitacora/event';
import { compileAttributes } from './attributes.ts';
import { compileCondition } from './condition.ts';
import { compileValue } from './map-value.ts';
import type { MapScope } from './map-scope.ts';
import { isMapping } from './mapping.ts';
import { compileChanges, type RowChanges } from './row-changes.ts';
import type { Row } from './row.ts';
import { compileStates, hasStates } from './state-changes.ts';

/** How the import makes one kind of event from a row. */
export interface EventTemplate {
  /** Whether this row gives such an event. */
  readonly applies: (row: Row) => boolean;
  /** The event's fields, not yet parsed; without `id` and `changes`. Throws `RowError`. */
  readonly fill: (row: Row) => Record<string, JsonValue>;
  /** Creates the memory of previous rows with which a row's changes are found; undefined when the map asks for no changes. */
  readonly changes: (() => RowChanges) | undefined;
}

/** Compiles one item of a map's `events`: the event's fields, and `when` for a condition. */
export function compileEvent(spec: unknown, where: string, scope: MapScope): EventTemplate {
  if (!isMapping(spec)) throw scope.error(where, 'a mapping of event fields is needed');
  const { when, attributes, changes, id, ...fields } = spec;
  if (id !== undefined) throw scope.error(`${where}.id`, 'ids are made from the row and cannot be set');
  for (const field of ['action', 'actor', 'occurredAt']) {
    if (fields[field] === undefined) throw scope.error(where, `${field} is needed`);
  }
  const applies = when === undefined ? () => true : compileCondition(when, `${where}.when`, scope);
  const attributesOf =
    attributes === undefined ? undefined : compileAttributes(attributes, `${where}.attributes`, scope);
  const values = compileValue(fields, where, scope);
  if (changes !== undefined && !hasStates(changes) && fields['target'] === undefined) {
    throw scope.error(`${where}.changes`, 'an event with changes needs a target');
  }
  return {
    applies,
    fill(row) {
      const filled = values(row);
      const event: Record<string, JsonValue> = {};
      if (isMapping(filled)) Object.assign(event, filled);
      const filledAttributes = attributesOf?.(row);
      if (filledAttributes !== undefined) event['attributes'] = filledAttributes;
      return event;
    },
    changes: compileAnyChanges(changes, `${where}.changes`, scope),
  };
}

function compileAnyChanges(spec: unknown, where: string, scope: MapScope): (() => RowChanges) | undefined {
  if (spec === undefined) return undefined;
  return hasStates(spec) ? compileStates(spec, where, scope) : compileChanges(spec, where, scope);
}
