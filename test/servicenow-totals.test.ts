import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf } from './support/answer-of.ts';
import { createRandom } from './support/random.ts';
import { runImport } from './support/run-import.ts';
import { sampleFile } from './support/sample-data.ts';
import {
  readServicenow,
  scanForWords,
  type ServicenowModel,
  type Update,
} from './support/servicenow-model.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { waitUntil } from './support/wait-until.ts';

const file = sampleFile('servicenow-incident-audit/incident_event_log.csv.gz');
const dayMs = 86_400_000;

describe.skipIf(file === undefined)('119,998 real updates of incidents', () => {
  let server: TestServer;
  let model: ServicenowModel;
  let textQueries: { q: string; count: number }[];

  beforeAll(async () => {
    model = readServicenow(file ?? '');
    textQueries = randomTextQueries(model, 1_000);
    server = await startTestServer({ BITACORA_SEGMENT_ENTRIES_MAX: '30000' });
    const summary = await runImport(server, file ?? '', { map: 'servicenow' });
    expect(summary).toMatchObject({
      rows: 119_998,
      events: 119_998,
      accepted: 119_998,
      duplicates: 0,
      rejected: 0,
    });
  });

  afterAll(async () => {
    await server.dispose();
  });

  const ask = (path: string, parameters: Record<string, string>): Promise<any> =>
    answerOf(server, path, parameters);

  const count = async (parameters: Record<string, string>): Promise<unknown> => {
    const body = await ask('/v1/events', { ...parameters, count: 'true', limit: '1' });
    return body.exact ? body.count : 'not exact';
  };

  async function everythingHolds(texts: readonly { q: string; count: number }[]): Promise<void> {
    expect(await count({})).toBe(119_998);
    await facetsHold({}, () => true);
    await facetsHold(
      { q: 'attributes.priority:"1 - Critical"' },
      (update) => update.attributes.get('priority') === '1 - Critical',
    );
    await filtersHold();
    await histogramsHold();
    await storiesHold();
    await pagesHold();
    for (const { q, count: expected } of texts)
      expect({ q, count: await count({ q }) }).toEqual({ q, count: expected });
  }

  async function facetsHold(
    parameters: Record<string, string>,
    matches: (update: Update) => boolean,
  ): Promise<void> {
    const columns = ['priority', 'incident_state', 'category', 'assignment_group', 'made_sla'];
    const fields = ['actor', 'action', 'changes.path', ...columns.map((column) => `attributes.${column}`)];
    const { facets, exact } = await ask('/v1/facets', {
      ...parameters,
      fields: fields.join(),
      limit: '1000',
    });
    expect(exact).toBe(true);
    const chosen = model.updates.filter(matches);
    expect(facets.actor).toEqual(tally(chosen.map((update) => update.actor)));
    expect(facets.action).toEqual([{ value: 'incident.update', count: chosen.length }]);
    expect(facets['changes.path']).toEqual(
      tally(chosen.flatMap((update) => update.changes.map(({ path }) => path))),
    );
    for (const column of columns) {
      const values = chosen.flatMap((update) => update.attributes.get(column) ?? []);
      expect(facets[`attributes.${column}`]).toEqual(tally(values));
    }
  }

  async function filtersHold(): Promise<void> {
    const day = (text: string): number => Date.parse(text);
    const asked: [Record<string, string>, (update: Update) => boolean][] = [
      [{ actor: 'Updated by 21' }, (update) => update.actor === 'Updated by 21'],
      [
        { q: 'attributes.incident_state:"-100"' },
        (update) => update.attributes.get('incident_state') === '-100',
      ],
      [
        { actor: 'Updated by 908', q: 'attributes.priority:"2 - High","1 - Critical"' },
        (update) =>
          update.actor === 'Updated by 908' && /^[12] -/.test(update.attributes.get('priority') ?? ''),
      ],
      [
        { q: 'attributes.category:"Category 55" -attributes.contact_type:Phone' },
        (update) =>
          update.attributes.get('category') === 'Category 55' &&
          update.attributes.get('contact_type') !== 'Phone',
      ],
      [
        { q: 'changes.path:assigned_to' },
        (update) => update.changes.some(({ path }) => path === 'assigned_to'),
      ],
      [
        { q: 'attributes.reassignment_count:>=10' },
        (update) => Number(update.attributes.get('reassignment_count')) >= 10,
      ],
      [
        { from: '2016-03-01', to: '2016-03-01' },
        (update) => Math.floor(update.at / dayMs) === day('2016-03-01') / dayMs,
      ],
      [
        { q: 'created:2016-03-01..2016-03-31' },
        (update) => update.at >= day('2016-03-01') && update.at < day('2016-04-01'),
      ],
      [
        { from: '2016-05-10T09:30:00Z', to: '2016-05-10T17:00:00Z' },
        (update) => update.at >= day('2016-05-10T09:30Z') && update.at <= day('2016-05-10T17:00Z'),
      ],
      [{ from: 'now-7d' }, () => false],
    ];
    for (const [parameters, matches] of asked)
      expect({ parameters, count: await count(parameters) }).toEqual({
        parameters,
        count: model.updates.filter(matches).length,
      });
  }

  async function histogramsHold(): Promise<void> {
    for (const [interval, size] of [
      ['day', dayMs],
      ['hour', 3_600_000],
    ] as const) {
      for (const actor of [undefined, 'Updated by 21']) {
        const chosen = model.updates.filter((update) => actor === undefined || update.actor === actor);
        const counts = tally(
          chosen.map((update) => new Date(Math.floor(update.at / size) * size).toISOString()),
        );
        const expected = counts
          .map(({ value, count }) => ({ from: value, count }))
          .sort((a, b) => (a.from < b.from ? -1 : 1));
        const { buckets } = await ask('/v1/histogram', { interval, ...(actor ? { actor } : {}) });
        expect(buckets).toEqual(expected);
      }
    }
  }

  async function storiesHold(): Promise<void> {
    const perIncident = tally(model.updates.map((update) => update.incident));
    const chosen = [...perIncident.slice(0, 2), ...perIncident.slice(-3), ...perIncident.slice(9_000, 9_010)];
    for (const { value: incident } of chosen) {
      const found = await allPages({ target: `incident/${incident}`, order: 'asc' }, 7);
      const own = model.updates.filter((update) => update.incident === incident);
      // Rows of the same minute keep the order of the file.
      own.sort((a, b) => a.at - b.at);
      expect(found.forward.flat().map(shown)).toEqual(
        own.map(({ at, actor, attributes, changes }) => ({
          at,
          actor,
          attributes: Object.fromEntries(attributes),
          changes,
        })),
      );
    }
  }

  async function pagesHold(): Promise<void> {
    const filter = { q: 'attributes.priority:"1 - Critical" attributes.made_sla:true' };
    const pages = await allPages(filter, 300);
    const own = model.updates.filter(
      (update) =>
        update.attributes.get('priority') === '1 - Critical' && update.attributes.get('made_sla') === 'true',
    );
    expect(pages.forward.flat().length).toBe(own.length);
    expect(pages.forward.length).toBeGreaterThan(2);
    expect(pages.back.map(ids)).toEqual(pages.forward.map(ids));
    const times = pages.forward.flat().map((entry) => shown(entry).at);
    expect(times).toEqual(own.map((update) => update.at).sort((a, b) => b - a));
  }

  async function allPages(
    parameters: Record<string, string>,
    limit: number,
  ): Promise<{ forward: any[][]; back: any[][] }> {
    const forward: any[][] = [];
    const back: any[][] = [];
    let previous: string | null = null;
    for (let cursor: string | null = ''; cursor !== null;) {
      const answer: any = await ask('/v1/events', {
        ...parameters,
        limit: String(limit),
        ...(cursor ? { cursor } : {}),
      });
      forward.push(answer.entries);
      cursor = answer.next;
      previous = answer.previous;
    }
    back.unshift(forward.at(-1) ?? []);
    for (let cursor = previous; cursor !== null;) {
      const answer: any = await ask('/v1/events', { ...parameters, limit: String(limit), cursor });
      back.unshift(answer.entries);
      cursor = answer.previous;
    }
    return { forward, back };
  }

  test('F-04 totals, facets, filters, days, histograms, stories, pages and 1,000 texts equal a computation over the file', async () => {
    await everythingHolds(textQueries);
  });

  test('F-13 importing the file again adds nothing', async () => {
    // The first rows are enough, because ids depend only on the row and the rows before it.
    const rows = process.env['BITACORA_FAULTS'] === 'full' ? 119_998 : 25_000;
    const folder = mkdtempSync(join(tmpdir(), 'bitacora-beginning-'));
    const beginning = join(folder, 'beginning.csv');
    const lines = gunzipSync(readFileSync(file ?? ''))
      .toString('utf8')
      .split('\n');
    writeFileSync(beginning, `${lines.slice(0, 1 + rows).join('\n')}\n`);
    const again = await runImport(server, beginning, { map: 'servicenow' });
    rmSync(folder, { recursive: true, force: true });
    expect(again).toMatchObject({ rows, accepted: 0, duplicates: rows, rejected: 0 });
    expect(await count({})).toBe(119_998);
  });

  test('F-04 the same answers after a restart', async () => {
    expect(await server.stop()).toBe(0);
    await server.restart();
    await everythingHolds(textQueries.slice(0, 200));
  });

  test('F-04 the same answers after all segments are closed', async () => {
    await server.stop();
    await server.restart({ BITACORA_SEGMENT_ENTRIES_MAX: '1000' });
    const database = new pg.Client({ connectionString: server.superuserUrl() });
    await database.connect();
    const open =
      "select 1 from bitacora.segment_range r join bitacora.segment s on s.number = r.segment where s.state = 'open'";
    await waitUntil(
      'the closing of the last segment',
      async () => (await database.query(open)).rowCount === 0,
    );
    const closed = await database.query("select 1 from bitacora.segment where state = 'closed'");
    await database.end();
    expect(closed.rowCount).toBeGreaterThanOrEqual(3);
    await everythingHolds(textQueries.slice(-200));
  });
});

function randomTextQueries(model: ServicenowModel, number: number): { q: string; count: number }[] {
  const random = createRandom(1_999);
  const spelling = [...model.dictionary.keys()];
  return Array.from({ length: number }, () => {
    const { words } = random.pick(model.updates);
    // Mostly words of the same update, and sometimes any words.
    const drawn = Array.from(
      { length: 1 + random.int(3) },
      () =>
        (random.chance(0.9) ? spelling[words[random.int(words.length)] ?? 0] : random.pick(spelling)) ?? '',
    );
    const written = drawn
      .map((word) => (random.chance(0.3) ? word.toUpperCase() : word))
      .map((word) => (/^(AND|OR|NOT)$/.test(word) ? word.toLowerCase() : word));
    return { q: written.join(' '), count: scanForWords(model, written) };
  });
}

/** How often each value occurs, the most frequent first; values of the same frequency in alphabetical order. */
function tally(values: readonly string[]): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

function shown({ event }: { event: any }): Record<string, any> {
  return {
    at: Date.parse(event.occurredAt),
    actor: event.actor.id,
    attributes: event.attributes,
    changes: event.changes ?? [],
  };
}

function ids(entries: readonly { id: string }[]): string[] {
  return entries.map((entry) => entry.id);
}
