import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { readPublishedLedger, type PublishedLedger } from './read-published-ledger.ts';
import { rootOf } from './rfc6962.ts';
import type { TestServer } from './test-server.ts';

export interface Scoreboard {
  sent: number;
  acked: number;
  stored: number;
  /** Acknowledged events that are not in the ledger at the acknowledged index with the acknowledged leaf hash. */
  lost: number;
  /** Events that are in the ledger more than once. */
  duplicated: number;
  /** All other faults, in words. */
  violations: string[];
  /** Answers other than 201, by status. */
  refused: Record<string, number>;
}

const line = z.union([
  z.object({ sent: z.array(z.string()) }),
  z.object({ acked: z.array(z.tuple([z.string(), z.number(), z.string()])) }),
  z.object({ refused: z.number(), retryAfter: z.string().optional() }),
  z.object({ unexpected: z.string() }),
  z.object({ finished: z.number() }),
]);
const page = z.object({
  entries: z.array(z.object({ id: z.string(), index: z.number() })),
  next: z.string().nullable(),
  count: z.number().optional(),
});

/**
 * Compares a ledger with the log of a load process. It shares no code with the server: the tree is recomputed from the
 * published entries, the signature is checked with node:crypto, and earlier checkpoints must be of the same history.
 */
export async function checkLedger(
  server: TestServer,
  options: { logs: readonly string[]; before?: readonly Pick<PublishedLedger, 'size' | 'root'>[] },
): Promise<Scoreboard> {
  const loadLog = readLogs(options.logs);
  const highest = Math.max(-1, ...[...loadLog.acked.values()].map(({ index }) => index));
  const published = await readPublishedLedger(server, { sizeLeast: highest + 1 });
  const violations = [...loadLog.violations];
  const places = new Map<string, number[]>();
  published.entries.forEach((entry, index) => {
    const { id } = z.object({ id: z.string() }).parse(JSON.parse(entry.toString('utf8')));
    places.set(id, [...(places.get(id) ?? []), index]);
    if (!loadLog.sent.has(id)) violations.push(`entry ${index} was never sent: ${id}`);
  });
  let lost = 0;
  for (const [id, { index, leafHash }] of loadLog.acked) {
    const kept = published.leaves[index]?.toString('base64') === leafHash && places.get(id)?.includes(index);
    if (!kept) lost++;
  }
  for (const { size, root } of options.before ?? []) {
    if (size > published.size || !rootOf(published.leaves, 0, size).equals(root))
      violations.push(`the ledger of ${published.size} entries does not continue that of ${size}`);
  }
  violations.push(...(await checkSearch(server, published)));
  return {
    sent: loadLog.sent.size,
    acked: loadLog.acked.size,
    stored: published.size,
    lost,
    duplicated: [...places.values()].filter((indexes) => indexes.length > 1).length,
    violations,
    refused: loadLog.refused,
  };
}

interface LoadLog {
  sent: Set<string>;
  acked: Map<string, { index: number; leafHash: string }>;
  refused: Record<string, number>;
  violations: string[];
}

function readLogs(logs: readonly string[]): LoadLog {
  const loadLog: LoadLog = { sent: new Set(), acked: new Map(), refused: {}, violations: [] };
  for (const text of logs.flatMap((log) => readFileSync(log, 'utf8').trimEnd().split('\n'))) {
    const read = line.parse(JSON.parse(text));
    if ('sent' in read) for (const id of read.sent) loadLog.sent.add(id);
    if ('acked' in read)
      for (const [id, index, leafHash] of read.acked) note(loadLog, id, { index, leafHash });
    if ('unexpected' in read) loadLog.violations.push(`unexpected answer: ${read.unexpected}`);
    if ('refused' in read) {
      loadLog.refused[read.refused] = (loadLog.refused[read.refused] ?? 0) + 1;
      if (read.retryAfter === undefined) loadLog.violations.push(`${read.refused} without Retry-After`);
    }
  }
  return loadLog;
}

function note(loadLog: LoadLog, id: string, place: { index: number; leafHash: string }): void {
  const earlier = loadLog.acked.get(id);
  if (earlier && (earlier.index !== place.index || earlier.leafHash !== place.leafHash))
    loadLog.violations.push(`${id} was acknowledged at ${earlier.index} and at ${place.index}`);
  loadLog.acked.set(id, place);
}

/** Checks that search lists every entry once, at the index that it has in the tree. */
async function checkSearch(server: TestServer, published: PublishedLedger): Promise<string[]> {
  let expected = 0;
  for (let cursor = ''; ;) {
    const after = cursor === '' ? '&count=true' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await server.json(`/v1/events?order=asc&limit=500${after}`);
    const { entries, next, count } = page.parse(answer.body);
    if (count !== undefined && count < published.size) return [`search counts ${count} of ${published.size}`];
    expected += entries.length;
    for (const { id, index } of entries) {
      const entry = published.entries[index]?.toString('utf8');
      if (entry !== undefined && !entry.includes(`"id":"${id}"`))
        return [`search shows ${id} at ${index}, the tree has another`];
    }
    if (next === null) break;
    cursor = next;
  }
  return expected >= published.size ? [] : [`search lists ${expected} of ${published.size}`];
}
