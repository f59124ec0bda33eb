import { startTestServer } from '../test/support/test-server.ts';
import { postRequest, runLoad } from './support/load.ts';
import { percentile, type SpeedPromise } from './support/promise.ts';
import { createEventSource } from './support/real-events.ts';

/** S2: one event a request from 64 clients. Requests that wait at the same time share a commit. */
export const singleEvents: SpeedPromise = {
  id: 'S2',
  title: 'one event a request, 64 clients',
  cost: '0.5 GB of disk, 1 minute',
  async measure({ say }) {
    const next = createEventSource(2);
    const requestsOf = (key: string, count: number): Buffer[] =>
      Array.from({ length: count }, () => postRequest('/v1/events', key, JSON.stringify(next())));
    const server = await startTestServer();
    try {
      const port = Number(new URL(server.url).port);
      const run = async (connections: number, seconds: number): ReturnType<typeof runLoad> => {
        const requests = requestsOf(server.key, connections === 1 ? 5_000 : 150_000);
        return runLoad({ port, connections, seconds, next: () => requests.pop() });
      };
      await run(64, 2);
      // The reference has one client, so each event has its own commit.
      const alone = await run(1, 3);
      const shared = await run(64, 8);
      const value = shared.requests / shared.seconds;
      const reference = alone.requests / alone.seconds;
      const p99 = percentile(shared.latencies, 99);
      say(
        `one client ${Math.round(reference)}/s; 64 clients ${Math.round(value)}/s, p99 ${p99.toFixed(1)} ms`,
      );
      if (shared.failures > 0) throw new Error(`${shared.failures} requests failed`);
      return {
        value,
        unit: 'events/s',
        reference,
        ratio: value / reference,
        goal: '>= 12,000/s, p99 <= 15 ms',
        holds: value >= 12_000 && p99 <= 15,
        notes: [
          `p50 ${percentile(shared.latencies, 50).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; the reference is one client that waits for each commit`,
        ],
      };
    } finally {
      await server.dispose();
    }
  },
};
