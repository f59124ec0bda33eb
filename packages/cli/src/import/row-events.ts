import { parseEvent, type AuditEvent } from '@bitacora/event';
import { importId, rowHash } from './import-id.ts';
import type { ImportMap } from './import-map.ts';
import type { RowChanges } from './row-changes.ts';
import { RowError } from './row-error.ts';
import { createRowOrdinals } from './row-ordinals.ts';
import type { Row } from './row.ts';

/** The events of a row, or the reason why it has none. A row is taken as a whole or not at all. */
export type MappedRow =
  | { readonly ok: true; readonly events: readonly AuditEvent[] }
  | { readonly ok: false; readonly reason: string };

/**
 * Turns rows, given in file order, into parsed events with ids. It remembers earlier rows (ordinals, changes), so each file
 * needs its own. A row that is not taken counts for the ordinals, but the next row is not compared with it.
 */
export function createRowEvents(map: ImportMap): (row: Row) => MappedRow {
  const identity = `${map.name}\n${map.version}`;
  const ordinalOf = createRowOrdinals();
  const templates = map.events.map(({ changes, ...template }) => ({ ...template, changes: changes?.() }));

  function eventOf(
    row: Row,
    number: number,
    place: { readonly row: Buffer; readonly ordinal: number },
  ): AuditEvent {
    const template = templates[number];
    const fields = template?.fill(row) ?? {};
    const occurredAt = fields['occurredAt'];
    if (typeof occurredAt !== 'string') throw new RowError('occurredAt: the row has no time');
    const id = importId(Date.parse(occurredAt), { ...place, event: number });
    const changes = template?.changes?.compare(targetKey(fields['target']), row);
    const parsed = parseEvent(changes === undefined ? { ...fields, id } : { ...fields, id, changes });
    if (parsed.ok) return parsed.event;
    throw new RowError(`${parsed.rejection.field}: ${parsed.rejection.message}`);
  }

  return (row) => {
    const hash = rowHash(identity, JSON.stringify(row.cells));
    const place = { row: hash, ordinal: ordinalOf(hash) };
    try {
      const events: AuditEvent[] = [];
      const kept: [RowChanges, string][] = [];
      templates.forEach((template, number) => {
        if (!template.applies(row)) return;
        const event = eventOf(row, number, place);
        events.push(event);
        if (template.changes !== undefined) kept.push([template.changes, targetKey(event.targets?.[0])]);
      });
      for (const [changes, target] of kept) changes.keep(target, row);
      return { ok: true, events };
    } catch (error) {
      if (error instanceof RowError) return { ok: false, reason: error.message };
      throw error;
    }
  };
}

function targetKey(target: unknown): string {
  if (typeof target !== 'object' || target === null || !('type' in target) || !('id' in target)) return '';
  return JSON.stringify([target.type, target.id]);
}
