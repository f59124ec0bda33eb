import { uuidV7 } from '@bitacora/event';
import { expect, test } from 'vitest';
import { expectCounts, type LeftEvent } from './support/expect-only-left.ts';
import { oldEvents } from './support/old-events.ts';
import { clockBehind } from './support/shifted-clock.ts';
import { superuserOf } from './support/superuser.ts';
import { startTestServer } from './support/test-server.ts';
import { waitUntil } from './support/wait-until.ts';

const ledger = 'default.doors';

test.runIf(process.env['BITACORA_FAULTS'] === 'full')(
  'C-11 after a retention run within stored spans of the index the answers are right, also when the spans are merged',
  async () => {
    const many = await startTestServer({ BITACORA_SEGMENT_ENTRIES_MAX: '20000' });
    const sql = superuserOf(many);
    await many.kill();
    await many.restart(clockBehind(40));
    await many.json('/v1/ledgers', {
      method: 'POST',
      body: JSON.stringify({ name: 'doors', retentionDays: 30 }),
    });
    const all: LeftEvent[] = [];
    const spread = async (count: number): Promise<void> => {
      for (let done = 0; done < count; done += 2_000) {
        const batch = oldEvents(2_000).map((event, n) => ({
          ...event,
          id: uuidV7(),
          action: n % 2 === 0 ? 'door.open' : 'door.close',
          occurredAt: new Date(Date.now() - 41 * 86_400_000 - ((n * 7_919) % 2_000) * 600_000).toISOString(),
        }));
        all.push(...batch);
        expect((await many.send(batch, { ledger })).body.accepted).toBe(2_000);
      }
    };
    let first = 0;
    for (let round = 0; round < 3; round++) {
      // Everything is stored forty days ago.
      if (round > 0) {
        await many.kill();
        await many.restart(clockBehind(40));
      }
      await spread(round === 0 ? 280_000 : 20_000);
      await waitUntil('spans of all that is there', async () => {
        const found = await sql.query(
          "select 1 from projection p join head h using (ledger) where p.name = 'postings' and h.size - p.cursor < 16384 and h.size = $1",
          [all.length],
        );
        return found.rowCount === 1;
      });
      await waitUntil('a closed segment', async () => {
        const found = await sql.query("select 1 from segment where state = 'closed'");
        return (found.rowCount ?? 0) > 0;
      });
      // At last all closed segments are removed.
      await sql.query(
        `update segment_range set greatest_ingested_at = now() - interval '31 days' where segment in
           (select number from segment where retention_class = 30 and state = 'closed' order by number limit $1)`,
        [round < 2 ? 1 : 100],
      );
      await many.kill();
      await many.restart();
      const { body } = await many.json('/v1/retention/run', { method: 'POST', body: '{}' });
      expect(body.entries).toBeGreaterThan(0);
      first += body.entries;
      for (const restarted of [false, true]) {
        if (restarted) {
          await many.kill();
          await many.restart();
        }
        await expectCounts(many, `?ledger=${ledger}`, all.slice(first));
        await expectCounts(
          many,
          `?ledger=${ledger}&action=door.open`,
          all.slice(first).filter(({ action }) => action === 'door.open'),
        );
      }
    }
    await sql.end();
    await many.dispose();
  },
);
