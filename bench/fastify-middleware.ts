import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { z } from 'zod';
import { runPostgres } from '../test/support/run-postgres.ts';
import { askInTurns, runPacedLoad } from './support/paced-load.ts';
import { median, type SpeedPromise } from './support/promise.ts';

const rounds = 12;
const secondsPerRound = 1.5;
/** 4,000 requests a second. */
const emptyPace = { connections: 20, everyMs: 5 };
/**
 * Requests one after the other, whose times are compared. The hosts take turns, so that the state of the machine is the
 * same for all.
 */
const rowTurns = { rounds: 10_000, everyMs: 0 };
/** The same with a pause before each request, in which the code of all hosts leaves the processor caches. */
const rareTurns = { rounds: 2_000, everyMs: 1 };
const warmUpRounds = 3;
const warmUpShare = 5;
const rowsInTable = 100_000;
const cpuPerRequestMaxMicros = 10;
const timeAddedMaxPercent = 5;

/**
 * Measures the cost of the Fastify middleware for a host. Three processes of the same application take turns: without the
 * middleware, with the middleware alone, and with all that it sends. They have the same paced load, because at full speed the
 * slower one would wait more, and waking up costs CPU. All CPU time of the process counts, also for making and sending batches
 * and for garbage collection. A server that stores nothing answers the batches, since a real one would use the host's cores.
 */
export const fastifyMiddleware: SpeedPromise = {
  id: 'S3-fastify',
  title: 'a request recorded by the Fastify middleware, compared with the same host without it',
  cost: '0.1 GB of disk, 3 minutes',
  async measure({ say }) {
    const postgres = await runPostgres();
    const sink = await startSink();
    const hosts: Host[] = [];
    try {
      await fillTable(postgres.url);
      const plain = await startHost(postgres.url, 'plain');
      hosts.push(plain);
      const bare = await startHost(postgres.url, 'disabled');
      hosts.push(bare);
      const audited = await startHost(postgres.url, sink.url);
      hosts.push(audited);
      const control = await startHost(postgres.url, 'plain');
      hosts.push(control);
      const [without = [], middleware = [], whole = []] = await compare([plain, bare, audited, control]);
      const reference = median(without);
      const value = median(difference(whole, without));
      const row = await compareRows([plain, audited, control], rowTurns);
      const rareRow = await compareRows([plain, audited, control], rareTurns);
      say(`${sink.taken()} events arrived`);
      return {
        value,
        unit: 'µs',
        reference,
        ratio: value / reference,
        goal: `<= ${cpuPerRequestMaxMicros} µs of CPU added on an empty route, and <= ${timeAddedMaxPercent} % of time on a route with one indexed query`,
        holds: value <= cpuPerRequestMaxMicros && row.addedPercent <= timeAddedMaxPercent,
        notes: [
          `empty route: ${spread(difference(whole, without))} µs of CPU added to ${reference.toFixed(1)} µs; the middleware itself takes ${spread(difference(middleware, without))} µs of these, and captures, batches and sending take the rest`,
          `one indexed query, requests one after the other: ${describe(row)}`,
          `the same with a pause of ${rareTurns.everyMs} ms before each: ${describe(rareRow)}`,
          `CPU: medians of ${rounds} rounds in turns, with the least and the greatest in brackets; the reference is the host without the middleware`,
        ],
      };
    } finally {
      for (const { child } of hosts) child.kill();
      sink.server.close();
      await postgres.close();
    }
  },
};

interface Host {
  readonly child: ChildProcess;
  readonly port: number;
}
/** The CPU that each host needs for a request, in microseconds, by round. */
async function compare(hosts: readonly Host[]): Promise<number[][]> {
  const results: number[][] = hosts.map(() => []);
  for (let round = -warmUpRounds; round < rounds; round++) {
    for (const place of hosts.keys()) {
      // The first host changes each round, so that no host gains when the machine slows down.
      const turn = (place + round + warmUpRounds) % hosts.length;
      const host = hosts[turn];
      if (host === undefined) continue;
      const cpuMicros = await cpuPerRequest(host);
      if (round >= 0) results[turn]?.push(cpuMicros);
    }
  }
  return results;
}

async function cpuPerRequest({ child, port }: Host): Promise<number> {
  const before = await cpuOf(child);
  const waitedMs = await runPacedLoad({
    ...emptyPace,
    port,
    seconds: secondsPerRound,
    next: () => requestOf('/'),
  });
  return ((await cpuOf(child)) - before) / waitedMs.length;
}

interface RowsCompared {
  readonly addedMicros: number;
  readonly addedPercent: number;
  readonly withoutMicros: number;
  /** The same for a second host without the middleware. This difference comes from the machine only. */
  readonly controlMicros: number;
}

/** Medians of the differences within rounds. */
async function compareRows(
  hosts: readonly Host[],
  turns: { readonly rounds: number; readonly everyMs: number },
): Promise<RowsCompared> {
  const ports = hosts.map(({ port }) => port);
  const next = (): Buffer => requestOf(rowPath());
  await askInTurns({ ...turns, rounds: turns.rounds / warmUpShare, ports, next });
  const [without = [], whole = [], control = []] = await askInTurns({ ...turns, ports, next });
  const addedMicros = median(difference(whole, without)) * 1_000;
  const withoutMicros = median(without) * 1_000;
  const controlMicros = median(difference(control, without)) * 1_000;
  return { addedMicros, withoutMicros, controlMicros, addedPercent: (100 * addedMicros) / withoutMicros };
}

function describe({ addedMicros, addedPercent, withoutMicros, controlMicros }: RowsCompared): string {
  return `${addedPercent.toFixed(1)} % of time added to ${withoutMicros.toFixed(0)} µs (${addedMicros.toFixed(1)} µs, median of the differences within rounds; a second host without it: ${controlMicros.toFixed(1)} µs)`;
}

function requestOf(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: bench\r\nuser-agent: bench/1.0\r\n\r\n`);
}

function difference(values: readonly number[], from: readonly number[]): number[] {
  return values.map((value, i) => value - (from[i] ?? Number.NaN));
}

async function cpuOf(child: ChildProcess): Promise<number> {
  const answered = once(child, 'message');
  child.send('cpu');
  const [message] = await answered;
  return z.object({ cpuMicros: z.number() }).parse(message).cpuMicros;
}

async function startHost(databaseUrl: string, auditUrl: string): Promise<Host> {
  const program = fileURLToPath(new URL('support/fastify-host.ts', import.meta.url));
  const child = fork(program, [databaseUrl, auditUrl], {
    execArgv: ['--conditions=bitacora:source'],
  });
  const [message] = await once(child, 'message');
  return { child, port: z.object({ port: z.number() }).parse(message).port };
}

async function fillTable(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'create table bench_rows (id integer primary key, name text not null, state text not null)',
  );
  await client.query(
    `insert into bench_rows select n, 'name ' || n, 'open' from generate_series(1, ${rowsInTable}) n`,
  );
  await client.query('vacuum analyze bench_rows');
  await client.end();
}

function rowPath(): string {
  return `/rows/${1 + Math.floor(Math.random() * rowsInTable)}`;
}

/** A server that accepts every batch and stores nothing. */
async function startSink(): Promise<{ server: Server; url: string; taken(): number }> {
  let taken = 0;
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      if (request.method !== 'POST') return void response.writeHead(204).end();
      const json = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      const events = z.array(z.object({ id: z.string() })).parse(JSON.parse(json.toString()));
      const results = events.map(({ id }) => ({ id, index: taken++, leafHash: 'A'.repeat(44) }));
      response.writeHead(201, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ accepted: events.length, duplicates: 0, rejected: 0, results }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, url: `http://127.0.0.1:${port}`, taken: () => taken };
}

function spread(values: readonly number[]): string {
  return `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)})`;
}
