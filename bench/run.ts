import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { durableIngest } from './s1-durable-ingest.ts';
import { singleEvents } from './s2-single-events.ts';
import { captureCost, disabledCost } from './s3-capture.ts';
import { newestEntries } from './s4-newest-entries.ts';
import { rareWord } from './s5-rare-word.ts';
import { numbers } from './s6-numbers.ts';
import { newestPage } from './s7-newest-page.ts';
import { bytesPerEvent } from './s8-bytes-per-event.ts';
import { verifySpeed } from './s11-verify.ts';
import { firstPage } from './s12-first-page.ts';
import { fastifyMiddleware } from './fastify-middleware.ts';
import { promisedTimes } from './promised-times.ts';
import { triggers } from './triggers.ts';
import type { SpeedPromise } from './support/promise.ts';

const promises: readonly SpeedPromise[] = [
  durableIngest,
  singleEvents,
  captureCost,
  disabledCost,
  newestEntries,
  rareWord,
  numbers,
  newestPage,
  bytesPerEvent,
  verifySpeed,
  firstPage,
  promisedTimes,
  triggers,
  fastifyMiddleware,
];

const usage = `Usage: npm run bench -- [S1 S4 ...] [--json] [--entries 20000000] [--directory .bench]

Without names, all: ${promises.map((promise) => promise.id).join(', ')}. S4, S5, S6 and S8 share one data set of --entries entries, built once and kept in --directory.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    entries: { type: 'string', default: '20000000' },
    directory: { type: 'string', default: '.bench' },
  },
});
const entries = Number(values.entries);
const unknown = positionals.find((name) => !promises.some((promise) => promise.id === name));
if (unknown !== undefined || !Number.isSafeInteger(entries) || entries < 1_000) {
  process.stderr.write(
    `${unknown === undefined ? '--entries must be a whole number from 1000' : `there is no bench ${unknown}`}\n\n${usage}`,
  );
  process.exit(2);
}
const directory = resolve(values.directory);
mkdirSync(directory, { recursive: true });
const say = (line: string): void => void process.stderr.write(`  ${line}\n`);

for (const promise of promises.filter(({ id }) => positionals.length === 0 || positionals.includes(id))) {
  process.stderr.write(`${promise.id}: ${promise.title} (${promise.cost})\n`);
  const measured = await promise.measure({ entries, directory, say });
  const { value, unit, reference, ratio, goal, holds, notes } = measured;
  if (values.json) {
    process.stdout.write(
      `${JSON.stringify({ id: promise.id, value, unit, reference, ratio, goal, holds, notes })}\n`,
    );
    continue;
  }
  const comparison =
    reference === null ? '' : `, reference ${round(reference)} ${unit}, ratio ${ratio?.toFixed(2)}`;
  process.stdout.write(
    `${promise.id}  ${round(value)} ${unit}${comparison}  goal ${goal}: ${holds ? 'holds' : 'MISSED'}\n`,
  );
  for (const note of notes) process.stdout.write(`    ${note}\n`);
}

function round(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
