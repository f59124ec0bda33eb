import { startTestServer } from '../test/support/test-server.ts';
import { copyReference } from './support/copy-reference.ts';
import { postRequest, runLoad } from './support/load.ts';
import type { SpeedPromise } from './support/promise.ts';
import { createEventSource } from './support/real-events.ts';

const seconds = 12;
const eventsMade = 400_000;

/** S1: durable ingest over HTTP in batches of 100 and 500. The load and the database use the same cores as the server. */
export const durableIngest: SpeedPromise = {
  id: 'S1',
  title: 'durable ingest over HTTP, batches of 100 and 500',
  cost: '2 GB of disk, 2 minutes',
  async measure({ say }) {
    const events = Array.from({ length: eventsMade }, createEventSource(1));
    const server = await startTestServer();
    try {
      const reference = await copyReference(server.superuserUrl(), events.slice(0, 200_000));
      say(`reference: COPY with 4 B-trees ${Math.round(reference)} rows/s`);
      const rates: number[] = [];
      for (const [batch, from, to] of [
        [100, 0, 200_000],
        [500, 200_000, 400_000],
      ] as const) {
        const requests: Buffer[] = [];
        for (let start = from; start < to; start += batch) {
          requests.push(
            postRequest('/v1/events', server.key, JSON.stringify(events.slice(start, start + batch))),
          );
        }
        const {
          requests: answered,
          seconds: took,
          failures,
        } = await runLoad({
          port: Number(new URL(server.url).port),
          connections: 8,
          seconds,
          next: () => requests.shift(),
        });
        if (failures > 0) throw new Error(`${failures} requests failed`);
        const rate = (answered * batch) / took;
        rates.push(rate);
        say(`batches of ${batch}: ${Math.round(rate)} events/s over ${took.toFixed(1)} s`);
      }
      const value = Math.min(...rates);
      const ratio = value / reference;
      return {
        value,
        unit: 'events/s',
        reference,
        ratio,
        goal: '>= 66,000 events/s, that is >= 1.2 x COPY with 4 B-trees',
        holds: ratio >= 1.2,
        notes: [
          `the slower of the two batch sizes; ${JSON.stringify(events[0]).length} bytes of JSON for each event`,
        ],
      };
    } finally {
      await server.dispose();
    }
  },
};
