import { createServer, type ServerResponse } from 'node:http';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createClient } from '@bitacora/client';
import { afterEach, expect, test } from 'vitest';
import { CliError } from '../cli-error.ts';
import { createProgress } from '../progress.ts';
import { importFile, type ImportSummary } from './import-file.ts';
import { compileImportMap } from './import-map.ts';
import { openImportProgress, type ImportPosition, type ImportProgress } from './import-progress.ts';

const map = compileImportMap(
  `
name: m
version: 1
events:
  - { action: thing.do, occurredAt: { date: '{at}' }, actor: { id: '{who}' }, target: { type: row, id: '{#row}' } }
`,
  'm.yaml',
);
const csv = (rows: number): string =>
  [
    'at,who',
    ...Array.from({ length: rows }, (_, i) => `2026-03-01T00:00:00Z,${i % 10 === 3 ? '' : `u${i >> 2}`}`),
    '',
  ].join('\n');
type Sent = { id: string; targets: { id: string }[] };
type Intercept = (response: ServerResponse, events: readonly Sent[], call: number) => boolean;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

test('good rows are sent in order, bad rows are reported with line and reason, and a second import adds nothing', async () => {
  const { run, stored, report } = await start(csv(25));
  expect(await run()).toMatchObject({ rows: 25, events: 22, accepted: 22, duplicates: 0, rejected: 3 });
  expect([...stored.values()].map((row) => Number(row))).toEqual(
    [...Array(25).keys()].map((i) => i + 1).filter((row) => (row - 1) % 10 !== 3),
  );
  const lines = (await readFile(report, 'utf8')).trim().split('\n');
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual(
    [4, 14, 24].map((row) => ({ line: row + 1, row, reason: 'actor: the field is required' })),
  );
  expect(await run()).toMatchObject({ accepted: 0, duplicates: 22, rejected: 3 });
});

test('a gzipped file gives the same ids as the plain one', async () => {
  const { run, stored, folder } = await start(csv(25));
  await run();
  const file = join(folder, 'copy.csv.gz');
  await writeFile(file, gzipSync(csv(25)));
  expect(await run({ file })).toMatchObject({ accepted: 0, duplicates: 22 });
  expect(stored.size).toBe(22);
});

test('a batch that a busy server refuses is sent again until it is accepted', async () => {
  const { run } = await start(csv(25), (response, _, call) => {
    if (call % 2 === 1) return false;
    response.writeHead(call === 0 ? 429 : 503, { 'retry-after': '0' }).end();
    return true;
  });
  expect(await run()).toMatchObject({ accepted: 22, duplicates: 0 });
});

test('a batch that is too large is halved', async () => {
  const sizes: number[] = [];
  const { run } = await start(csv(25), (response, events) => {
    sizes.push(events.length);
    if (events.length <= 3) return false;
    response.writeHead(413).end();
    return true;
  });
  expect(await run()).toMatchObject({ accepted: 22 });
  expect(Math.max(...sizes)).toBe(10);
});

test('events that the server refuses are reported with line, code and field', async () => {
  const { run, report } = await start(csv(3), (response, events) => {
    const results = events.map(({ id }, index) =>
      index === 1
        ? { id, error: { code: 'conflict', field: 'id', message: 'other body' } }
        : { id, index, leafHash: '' },
    );
    response.writeHead(201).end(JSON.stringify({ accepted: 2, duplicates: 0, rejected: 1, results }));
    return true;
  });
  expect(await run()).toMatchObject({ accepted: 2, rejected: 1 });
  expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({
    line: 3,
    row: 2,
    code: 'conflict',
    field: 'id',
  });
});

test('an import that was killed continues after the events it had sent', async () => {
  let broken = true;
  const { run, stored, position } = await start(csv(100), (response, _, call) => {
    if (!broken || call < 4) return false;
    response.writeHead(401).end('{"detail":"stop"}');
    return true;
  });
  await expect(run()).rejects.toThrow(CliError);
  expect(await position.read()).toEqual({ events: 40, lastBatch: 10 });
  broken = false;
  expect(await run()).toMatchObject({ events: 90, resumed: 30, duplicates: 10, accepted: 50 });
  expect(stored.size).toBe(90);
  expect(await position.read()).toBeUndefined();
});

test("a side file that does not fit the server's state is ignored", async () => {
  const { run, stored, position } = await start(csv(100));
  await position.write({ events: 40, lastBatch: 10 });
  expect(await run()).toMatchObject({ accepted: 80, duplicates: 10, resumed: 0 });
  expect(stored.size).toBe(90);
});

test('without a client nothing is sent, and rows are still checked', async () => {
  const { run, stored } = await start(csv(25));
  expect(await run({ client: undefined })).toMatchObject({ events: 22, accepted: 0, rejected: 3 });
  expect(stored.size).toBe(0);
});

test('a refused key, an unreachable server or a missing file ends the import', async () => {
  const { run } = await start(csv(3), (response) => {
    response.writeHead(403).end('{"detail":"this key lacks the scope ingest"}');
    return true;
  });
  await expect(run()).rejects.toThrow('lacks the scope');
  await expect(run({ client: createClient({ url: 'http://127.0.0.1:1' }) })).rejects.toThrow('no answer');
  await expect(run({ file: 'nowhere.csv' })).rejects.toThrow(CliError);
});

async function start(
  text: string,
  intercept: Intercept = () => false,
): Promise<{
  run: (more?: Partial<Parameters<typeof importFile>[0]>) => Promise<ImportSummary>;
  stored: Map<string, string | undefined>;
  report: string;
  folder: string;
  position: ImportProgress;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'bitacora-import-test-'));
  closers.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'in.csv');
  await writeFile(file, text);
  const stored = new Map<string, string | undefined>();
  const client = createClient({ url: await serve(stored, intercept) });
  const report = join(folder, 'rejected.ndjson');
  const position = memory();
  const options = {
    file,
    map,
    ledger: undefined,
    batchSize: 10,
    client,
    reportFile: report,
    position,
    progress: createProgress('import'),
  };
  return { run: (more) => importFile({ ...options, ...more }), stored, report, folder, position };
}

/** A side file in memory that behaves like the real one. `openImportProgress` itself is tested below. */
function memory(): ImportProgress {
  let kept: ImportPosition | undefined;
  return {
    read: () => Promise.resolve(kept),
    write: (position) => Promise.resolve(void (kept = position)),
    remove: () => Promise.resolve(void (kept = undefined)),
  };
}

test('only the same import uses the side file again, and a side file that was cut off is ignored', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bitacora-import-test-'));
  closers.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'in.csv');
  await writeFile(file, 'a');
  const position = await openImportProgress(file, ['m', '1']);
  closers.push(() => position.remove());
  await position.write({ events: 7, lastBatch: 2 });
  expect(await (await openImportProgress(file, ['m', '1'])).read()).toEqual({ events: 7, lastBatch: 2 });
  expect(await (await openImportProgress(file, ['m', '2'])).read()).toBeUndefined();
});

async function serve(stored: Map<string, string | undefined>, intercept: Intercept): Promise<string> {
  let calls = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const events: Sent[] = JSON.parse(String(Buffer.concat(chunks)));
      if (intercept(response, events, calls++)) return;
      const results = events.map(({ id, targets }) => {
        if (stored.has(id)) return { id, index: 0, leafHash: '', duplicate: true };
        stored.set(id, targets[0]?.id);
        return { id, index: 0, leafHash: '' };
      });
      response.writeHead(201).end(JSON.stringify({ accepted: 0, duplicates: 0, rejected: 0, results }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}
