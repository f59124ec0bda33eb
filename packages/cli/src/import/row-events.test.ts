import { isUuidV7, uuidV7TimeMs, type AuditEvent } from '@bitacora/event';
import { expect, test } from 'vitest';
import { CliError } from '../cli-error.ts';
import { compileImportMap, readImportMap } from './import-map.ts';
import { createRowEvents } from './row-events.ts';
import type { Cells } from './row.ts';

const maps = new URL('../../../../examples/import/', import.meta.url).pathname;
const minimal = `
name: m
version: 1
nulls: ['?']
events:
  - action: thing.update
    occurredAt: { date: '{at}' }
    actor: { id: '{who}' }
    target: { type: thing, id: '{id}' }
    attributes: { columns: all, except: [at], types: { n: number } }
    changes: { previous: target, except: [at, who] }
`;
const row = { at: '2026-03-01T00:00:00Z', who: 'ana', id: '1', state: 'new', n: '7', gone: '?' };

test('ServiceNow rows become updates of their incident with changes against its previous row', async () => {
  const update = {
    number: 'INC1',
    sys_mod_count: '0',
    sys_updated_by: 'Updated by 2',
    sys_updated_at: '29/2/2016 01:23',
  };
  const [first, second, other, third] = await mapped('servicenow.yaml', [
    { ...update, incident_state: 'New', resolved_at: '?' },
    {
      ...update,
      sys_mod_count: '2',
      sys_updated_by: 'Updated by 9',
      sys_updated_at: '1/3/2016 08:53',
      incident_state: 'Resolved',
      resolved_at: '1/3/2016 08:53',
    },
    { ...update, number: 'INC2', incident_state: 'New', resolved_at: '?' },
    { ...update, sys_mod_count: '3', incident_state: 'Resolved', resolved_at: '?' },
  ]);
  expect(first).toEqual({
    id: first?.id,
    action: 'incident.update',
    operation: 'update',
    occurredAt: '2016-02-29T01:23:00.000Z',
    actor: { type: 'user', id: 'Updated by 2' },
    targets: [{ type: 'incident', id: 'INC1' }],
    attributes: { ...update, incident_state: 'New' },
  });
  expect(second?.changes).toEqual([
    { path: 'incident_state', before: 'New', after: 'Resolved' },
    { path: 'resolved_at', before: null, after: '1/3/2016 08:53' },
  ]);
  expect(other?.changes).toBeUndefined();
  expect(third?.changes).toEqual([{ path: 'resolved_at', before: '1/3/2016 08:53', after: null }]);
});

test('hotel rows become a creation, and a cancellation or no-show at the status date', async () => {
  const booking = {
    hotel: 'Resort Hotel',
    is_canceled: '0',
    lead_time: '195',
    arrival_date_year: '2017',
    arrival_date_month: 'March',
    arrival_date_day_of_month: '5',
    stays_in_weekend_nights: '4',
    stays_in_week_nights: '6',
    adr: '-6.38',
    agent: 'NULL',
    reservation_status: 'Check-Out',
    reservation_status_date: '2017-03-15',
  };
  const events = await mapped('hotel.yaml', [
    booking,
    { ...booking, is_canceled: '1', reservation_status: 'Canceled', reservation_status_date: '2016-10-01' },
    { ...booking, is_canceled: '1', reservation_status: 'No-Show', reservation_status_date: '2017-03-05' },
  ]);
  expect(events.map(({ action, occurredAt, targets }) => [action, occurredAt, targets?.[0]?.id])).toEqual([
    ['booking.create', '2016-08-22T00:00:00.000Z', '1'],
    ['booking.create', '2016-08-22T00:00:00.000Z', '2'],
    ['booking.cancel', '2016-10-01T00:00:00.000Z', '2'],
    ['booking.create', '2016-08-22T00:00:00.000Z', '3'],
    ['booking.no_show', '2017-03-05T00:00:00.000Z', '3'],
  ]);
  expect(events[0]?.amount).toEqual({ value: '-63.80', currency: 'EUR' });
  expect(events[0]?.attributes).not.toHaveProperty('agent');
});

test('Wikipedia lines keep their JSON types, and robots differ from anonymous editors', async () => {
  const edit = {
    time: '2015-09-11T00:46:58.771Z',
    user: '60.225.66.142',
    page: 'צמר',
    comment: '',
    isAnonymous: true,
    isNew: false,
    isRobot: false,
    countryIsoCode: 'AU',
    cityName: null,
    delta: -36,
  };
  const [anonymous, robot] = await mapped('wikipedia.yaml', [
    edit,
    { ...edit, user: 'PereBot', isAnonymous: false, isRobot: true, isNew: true, countryIsoCode: null },
  ]);
  expect(anonymous).toMatchObject({
    action: 'page.edit',
    actor: { type: 'user', id: '60.225.66.142' },
    targets: [{ type: 'page', id: 'צמר' }],
    client: { ip: '60.225.66.142', country: 'AU' },
  });
  expect(anonymous?.attributes).toEqual({
    isAnonymous: true,
    isNew: false,
    isRobot: false,
    countryIsoCode: 'AU',
    delta: -36,
  });
  expect(robot).toMatchObject({ action: 'page.create', actor: { type: 'service', id: 'PereBot' } });
  expect(robot?.client).toBeUndefined();
});

test('ids are the same in every run, and differ for identical rows, other rows, maps and versions', () => {
  const ids = (text: string, ...cells: Cells[]): string[] => eventsOf(text, cells).map(({ id }) => id);
  const twice = ids(minimal, row, row);
  expect(ids(minimal, row, row)).toEqual(twice);
  expect(twice.map((id) => [isUuidV7(id), uuidV7TimeMs(id)])).toEqual(
    Array(2).fill([true, Date.parse(row.at)]),
  );
  const others = [
    ...twice,
    ...ids(minimal, { ...row, n: '8' }),
    ...ids(minimal.replace('name: m', 'name: other'), row),
    ...ids(minimal.replace('version: 1', 'version: 2'), row),
  ];
  expect(new Set(others).size).toBe(5);
});

test('attributes follow the types, nulls and exceptions of the map', () => {
  expect(eventsOf(minimal, [row])[0]?.attributes).toEqual({ who: 'ana', id: '1', state: 'new', n: 7 });
});

test('a row that cannot become an event is reported with the reason, and the next row is not compared with it', () => {
  const map = createRowEvents(compileImportMap(minimal, 'm.yaml'));
  const reasons = [
    { ...row, at: 'yesterday' },
    { ...row, at: '?' },
    { ...row, who: '?' },
    { ...row, n: 'many', state: 'broken' },
  ].map((cells, i) => map({ number: i + 1, line: i + 2, cells }));
  expect(reasons).toEqual([
    { ok: false, reason: 'not an RFC 3339 time: yesterday' },
    { ok: false, reason: 'occurredAt: the row has no time' },
    { ok: false, reason: 'actor: the field is required' },
    { ok: false, reason: 'n: not a number' },
  ]);
  const next = map({ number: 5, line: 6, cells: row });
  expect(next.ok && next.events[0]?.changes).toBeUndefined();
});

test.each([
  ['a misspelt key', minimal.replace('except: [at]', 'exept: [at]'), 'unknown key exept'],
  ['an unknown type', minimal.replace('n: number', 'n: money'), 'unknown type money'],
  ['a lone brace', minimal.replace("'{who}'", "'{who'"), 'a lone {'],
  ['a date format', minimal.replace("date: '{at}'", "date: '{at}', format: YY"), 'unknown Y'],
  ['no actor', minimal.replace("actor: { id: '{who}' }", 'level: low'), 'actor is needed'],
  ['no YAML', 'a: [', 'm.yaml'],
])('a map with %s is refused, and the message names the place', (_, text, message) => {
  expect(() => compileImportMap(text, 'm.yaml')).toThrow(CliError);
  expect(() => compileImportMap(text, 'm.yaml')).toThrow(message);
});

function eventsOf(text: string, rows: readonly Cells[]): AuditEvent[] {
  const map = createRowEvents(compileImportMap(text, 'm.yaml'));
  return rows.flatMap((cells, i) => {
    const result = map({ number: i + 1, line: i + 2, cells });
    if (!result.ok) throw new Error(result.reason);
    return result.events;
  });
}

async function mapped(name: string, rows: readonly Cells[]): Promise<AuditEvent[]> {
  const map = createRowEvents(await readImportMap(`${maps}${name}`));
  return rows.flatMap((cells, i) => {
    const result = map({ number: i + 1, line: i + 2, cells });
    if (!result.ok) throw new Error(result.reason);
    return result.events;
  });
}
