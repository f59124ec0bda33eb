import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf } from './support/answer-of.ts';
import { createRandom } from './support/random.ts';
import { runImport } from './support/run-import.ts';
import { sampleFile, sampleLines, sampleRows } from './support/sample-data.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { waitUntil } from './support/wait-until.ts';

const hotelFile = sampleFile('hotel-bookings/resort.csv.gz');
const wikipediaFile = sampleFile('wikipedia-edits/wikiticker-2015-09-12-sampled.ndjson.gz');

describe.skipIf(hotelFile === undefined || wikipediaFile === undefined)(
  'real bookings and real edits',
  () => {
    let server: TestServer;

    beforeAll(async () => {
      server = await startTestServer();
      for (const name of ['hotel', 'wikipedia'])
        await server.json('/v1/ledgers', {
          method: 'POST',
          body: JSON.stringify({ name }),
          headers: { 'content-type': 'application/json' },
        });
      await waitUntil(
        'the ledgers',
        async () => (await server.json('/v1/events?ledger=wikipedia')).status === 200,
      );
    });

    afterAll(async () => {
      await server.dispose();
    });

    const ask = (path: string, parameters: Record<string, string>): Promise<any> =>
      answerOf(server, path, parameters);
    const count = async (parameters: Record<string, string>): Promise<number> =>
      (await ask('/v1/events', { ...parameters, count: 'true', limit: '1' })).count;

    async function everyEvent(parameters: Record<string, string>): Promise<any[]> {
      const events: any[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: any = await ask('/v1/events', {
          ...parameters,
          limit: '1000',
          ...(cursor ? { cursor } : {}),
        });
        events.push(...page.entries.map((entry: any) => entry.event));
        cursor = page.next;
      }
      return events;
    }

    test('F-13 40,060 bookings: creations, cancellations, no-shows and amounts are right to the cent, with identical rows and negative prices', async () => {
      const rows = sampleRows(hotelFile ?? '');
      const status = (value: string): number =>
        rows.filter((row) => row.get('reservation_status') === value).length;
      const summary = await runImport(server, hotelFile ?? '', { map: 'hotel', ledger: 'hotel' });
      expect(summary).toMatchObject({
        rows: 40_060,
        rejected: 0,
        duplicates: 0,
        accepted: 40_060 + status('Canceled') + status('No-Show'),
      });
      const { facets } = await ask('/v1/facets', {
        fields: 'action,attributes.country',
        ledger: 'hotel',
        q: 'action:booking.*',
      });
      expect(facets.action).toEqual([
        { value: 'booking.create', count: 40_060 },
        { value: 'booking.cancel', count: status('Canceled') },
        { value: 'booking.no_show', count: status('No-Show') },
      ]);
      const created = await everyEvent({ ledger: 'hotel', action: 'booking.create' });
      const cents = new Map(
        created.map((event) => [
          event.targets[0].id,
          [event.amount.value, event.amount.currency, event.occurredAt],
        ]),
      );
      rows.forEach((row, position) => {
        const expected = [inEuros(row), 'EUR', madeAt(row)];
        if (cents.get(String(position + 1))?.join() !== expected.join())
          expect(cents.get(String(position + 1))).toEqual(expected);
      });
      expect(cents.size).toBe(40_060);
      expect(created.filter((event) => event.amount.value.startsWith('-')).length).toBe(
        rows.filter((row) => (row.get('adr') ?? '').startsWith('-') && inEuros(row) !== '0.00').length,
      );
      const cancelled = rows.filter(
        (row) =>
          row.get('reservation_status') === 'Canceled' && row.get('reservation_status_date') === '2016-01-18',
      ).length;
      expect(
        await count({ ledger: 'hotel', action: 'booking.cancel', from: '2016-01-18', to: '2016-01-18' }),
      ).toBe(cancelled);
    });

    test('F-13 39,244 edits of users and robots in every script are found by their words and equal byte for byte', async () => {
      const edits: Record<string, any>[] = sampleLines(wikipediaFile ?? '').map((line) => JSON.parse(line));
      const summary = await runImport(server, wikipediaFile ?? '', { map: 'wikipedia', ledger: 'wikipedia' });
      expect(summary).toMatchObject({ rows: edits.length, accepted: 39_244, rejected: 0 });
      const having = (holds: (edit: Record<string, any>) => unknown): number => edits.filter(holds).length;
      const wanted: [Record<string, string>, number][] = [
        [{ action: 'page.create' }, having((edit) => edit['isNew'])],
        [{ q: 'actor.type:service' }, having((edit) => edit['isRobot'])],
        [{ q: 'country:RU' }, having((edit) => edit['isAnonymous'] && edit['countryIsoCode'] === 'RU')],
        [{ q: 'attributes.delta:<-1000' }, having((edit) => edit['delta'] < -1_000)],
        [{ q: 'attributes.channel:"#he.wikipedia"' }, having((edit) => edit['channel'] === '#he.wikipedia')],
      ];
      for (const [parameters, expected] of wanted)
        expect({ parameters, count: await count({ ...parameters, ledger: 'wikipedia' }) }).toEqual({
          parameters,
          count: expected,
        });
      const random = createRandom(2015);
      for (const script of [
        'Hebrew',
        'Arabic',
        'Han',
        'Cyrillic',
        'Hangul',
        'Greek',
        'Thai',
        'Devanagari',
        'Armenian',
        'Latin',
      ]) {
        const written = edits.filter((edit) => new RegExp(`\\p{Script=${script}}`, 'u').test(edit['page']));
        for (const edit of random.shuffled(written).slice(0, 12)) await foundByItsPage(edit, edits);
      }
    });

    async function foundByItsPage(
      edit: Record<string, any>,
      edits: readonly Record<string, any>[],
    ): Promise<void> {
      const target = `page/${edit['page']}`;
      const same = edits.filter((other) => other['page'] === edit['page']);
      const { entries } = await ask('/v1/events', { target, ledger: 'wikipedia', limit: '1000' });
      expect(entries.length).toBe(same.length);
      const shown = entries.map(({ event }: any) =>
        [event.targets[0].id, event.actor.id, event.description].join('\u0001'),
      );
      expect(shown.sort()).toEqual(
        same.map((other) => [other['page'], other['user'], other['comment']].join('\u0001')).sort(),
      );
      const words: string[] = edit['page'].match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
      const found = await ask('/v1/events', {
        q: `${words.map((word) => `"${word}"`).join(' ')} target:"${target.replaceAll(/["\\]/g, '\\$&')}"`,
        ledger: 'wikipedia',
        limit: '1000',
      });
      expect(found.entries.length).toBe(same.length);
    }
  },
);

/** The price of a night times the nights, computed in whole hundredths of a cent to avoid floating point. */
function inEuros(row: Map<string, string>): string {
  const [whole = '0', fraction = ''] = (row.get('adr') ?? '0').replace('-', '').split('.');
  const nights =
    BigInt(row.get('stays_in_weekend_nights') ?? 0) + BigInt(row.get('stays_in_week_nights') ?? 0);
  const total = BigInt(whole + fraction.padEnd(4, '0')) * nights;
  const cents = (total + 50n) / 100n;
  const text = `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
  return (row.get('adr') ?? '').startsWith('-') && cents !== 0n ? `-${text}` : text;
}

function madeAt(row: Map<string, string>): string {
  const arrival = Date.parse(
    `${row.get('arrival_date_day_of_month')} ${row.get('arrival_date_month')} ${row.get('arrival_date_year')} UTC`,
  );
  return new Date(arrival - Number(row.get('lead_time')) * 86_400_000).toISOString();
}
