import { randomBytes, randomInt } from 'node:crypto';
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

// A host application under load, in its own process. It writes each event to a log before it sends it, and each
// acknowledgement after it arrives; the log is synced, so that it survives a crash. It sends the same ids again until they are
// acknowledged. After SIGTERM it ends when all sent events were acknowledged.

const options = z
  .object({
    url: z.string(),
    key: z.string(),
    log: z.string(),
    eventsPerSecond: z.number(),
    padding: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));
const answer = z.object({
  results: z.array(z.object({ id: z.string(), index: z.number(), leafHash: z.string() })),
});

const tickMs = 50;
const requestsMax = 40;
const log = openSync(options.log, 'a');
let stopping = false;
let underWay = 0;
let sequence = 0;

function record(line: object): void {
  writeSync(log, `${JSON.stringify(line)}\n`);
  fsyncSync(log);
}

function uuidV7(): string {
  const hex = Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  const text = `${hex.slice(0, 12)}7${hex.slice(13, 16)}${variant}${hex.slice(17)}`;
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

interface SentEvent {
  id: string;
}

function makeEvent(): SentEvent {
  sequence++;
  const person = randomInt(60);
  const event = {
    id: uuidV7(),
    action: ['invoice.update', 'invoice.create', 'user.login', 'report.export'][sequence % 4],
    actor: { id: `u${person}`, name: `Person ${person}`, email: `p${person}@example.org` },
    occurredAt: new Date().toISOString(),
    targets: [{ type: 'invoice', id: String(randomInt(500)) }],
    client: { ip: `10.0.0.${randomInt(250)}` },
    description: `event ${sequence} ${'x'.repeat(options.padding)}`,
    attributes: { sequence },
  };
  return event;
}

/** Sends a request once; undefined when there was no answer. */
async function send(events: readonly SentEvent[]): Promise<z.infer<typeof answer>['results'] | undefined> {
  const body = JSON.stringify(events.length === 1 ? events[0] : events);
  try {
    const response = await fetch(`${options.url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${options.key}`, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    if (response.status === 201) return answer.parse(JSON.parse(text)).results;
    const retryAfter = response.headers.get('retry-after');
    record({ refused: response.status, ...(retryAfter === null ? {} : { retryAfter }) });
    if (![429, 503].includes(response.status)) record({ unexpected: text.slice(0, 500) });
  } catch (error) {
    if (error instanceof SyntaxError) record({ unexpected: error.message });
  }
  return undefined;
}

async function deliver(events: readonly SentEvent[]): Promise<void> {
  underWay++;
  record({ sent: events.map(({ id }) => id) });
  const acknowledge = async (): Promise<void> => {
    for (;;) {
      const results = await send(events);
      if (results) {
        record({ acked: results.map(({ id, index, leafHash }) => [id, index, leafHash]) });
        return;
      }
      await sleep(50 + randomInt(150));
    }
  };
  await acknowledge();
  // Sometimes the process acts as if the acknowledgement was lost: the same batch must get the same answer again.
  if (randomInt(20) === 0) await acknowledge();
  underWay--;
}

process.once('SIGTERM', () => (stopping = true));
let owed = 0;
while (!stopping) {
  owed = Math.min(owed + (options.eventsPerSecond * tickMs) / 1000, options.eventsPerSecond);
  while (owed >= 1 && underWay < requestsMax) {
    const events = Array.from({ length: randomInt(3) === 0 ? 1 : Math.ceil(owed) }, makeEvent);
    owed -= events.length;
    void deliver(events);
  }
  await sleep(tickMs);
}
while (underWay > 0) await sleep(20);
record({ finished: sequence });
