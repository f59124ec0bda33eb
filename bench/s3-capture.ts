import { createAudit, type Audit, type CaptureInput, type Transport } from '@bitacora/sdk';
import { pino, type Logger } from 'pino';
import { median, type SpeedPromise } from './support/promise.ts';
import { createEventSource } from './support/real-events.ts';

const rounds = 120;
const warmUpRounds = 40;
const eventsPerRound = 500;
const differentEvents = 2_000;

/**
 * S3: the time that `capture()` takes of its caller in mode `best_effort`: context, id, snapshot, redaction, and the queue.
 * The reference is one `info()` of pino with the same object and without redaction, written to /dev/null during the call,
 * which is pino's default. The notes give two more times: what a batch costs later for each event (the check of every field,
 * the JSON and its size), and pino with a stream that writes nothing.
 */
export const captureCost: SpeedPromise = {
  id: 'S3',
  title: 'one capture() with snapshot and redaction, compared with one call of pino',
  cost: 'no disk, 3 seconds',
  async measure({ say }) {
    const events = differentObjects();
    const audit = createAudit({
      name: 'bench-s3',
      transport: acceptAll,
      // Batches are built only between the rounds.
      batchAfterMs: 600_000,
      batchEventsMax: eventsPerRound * 2,
      batchBytesMax: 1e9,
    });
    const written = pino(pino.destination({ dest: '/dev/null', sync: true }));
    const unwritten = pino({}, { write: () => undefined });
    const times = { capture: [], written: [], unwritten: [], deferred: [] } as Record<string, number[]>;
    for (let round = 0; round < warmUpRounds + rounds; round++) {
      const slice = Array.from(
        { length: eventsPerRound },
        (_, i) => events[(round * eventsPerRound + i) % differentEvents] ?? { action: 'bench.none' },
      );
      const measured = {
        capture: microseconds(slice, (event) => capture(audit, event)),
        deferred: await deferredCost(audit),
        written: microseconds(slice, (event) => logInfo(written, event)),
        unwritten: microseconds(slice, (event) => logInfo(unwritten, event)),
      };
      if (round >= warmUpRounds) for (const [name, us] of Object.entries(measured)) times[name]?.push(us);
    }
    const { delivered, rejected, dropped } = await audit.close();
    if (delivered !== (warmUpRounds + rounds) * eventsPerRound)
      throw new Error(`${rejected} rejected, ${dropped} dropped`);
    const of = (name: string): number => median(times[name] ?? []);
    const value = of('capture');
    const reference = of('written');
    say(`capture ${value.toFixed(2)} µs, pino ${reference.toFixed(2)} µs`);
    return {
      value,
      unit: 'µs',
      reference,
      ratio: value / reference,
      goal: '<= 4 µs, <= 0.6 x pino',
      holds: value <= 4 && value / reference <= 0.6,
      notes: [
        `medians of ${rounds} rounds of ${eventsPerRound} calls, interleaved; ${delivered} events delivered`,
        `in the batch later: ${of('deferred').toFixed(2)} µs an event (checks, JSON, bytes); pino without writing ${of('unwritten').toFixed(2)} µs`,
      ],
    };
  },
};

/** When an audit is disabled, `capture()` is an empty function. The reference is a call of another empty function. */
export const disabledCost: SpeedPromise = {
  id: 'S3-disabled',
  title: 'one capture() of a disabled audit',
  cost: 'no disk, 1 second',
  measure() {
    const events = differentObjects();
    const audit = createAudit({ disabled: true });
    const empty = { capture: (_event: CaptureInput): void => undefined };
    const disabled: number[] = [];
    const reference: number[] = [];
    for (let round = 0; round < warmUpRounds + rounds; round++) {
      disabled.push(microseconds(events, (event) => capture(audit, event)));
      reference.push(microseconds(events, (event) => empty.capture(event)));
    }
    const value = median(disabled.slice(warmUpRounds));
    const referenceMedian = median(reference.slice(warmUpRounds));
    return Promise.resolve({
      value,
      unit: 'µs',
      reference: referenceMedian,
      ratio: value / referenceMedian,
      goal: '<= 0.1 µs',
      holds: value <= 0.1,
      notes: [`medians of ${rounds} rounds of ${events.length} calls; the reference calls an empty function`],
    });
  },
};

/** Events without id and time, which `capture()` adds. */
function differentObjects(): CaptureInput[] {
  const next = createEventSource(3);
  return Array.from({ length: differentEvents }, () => {
    const { id: _id, occurredAt: _occurredAt, ...event } = next();
    return JSON.parse(JSON.stringify(event));
  });
}

function capture(audit: Audit, event: CaptureInput): void {
  void audit.capture(event);
}

function logInfo(logger: Logger, event: CaptureInput): void {
  logger.info(event);
}

function microseconds(events: readonly CaptureInput[], call: (event: CaptureInput) => void): number {
  const start = performance.now();
  for (const event of events) call(event);
  return ((performance.now() - start) * 1_000) / events.length;
}

async function deferredCost(audit: Audit): Promise<number> {
  const start = performance.now();
  await audit.flush();
  return ((performance.now() - start) * 1_000) / eventsPerRound;
}

const acceptAll: Transport = (batch) =>
  Promise.resolve({
    kind: 'judged',
    judgements: batch.events.map((_, index) => ({ state: 'sequenced', index, leafHash: '' })),
  });
