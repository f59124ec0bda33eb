import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAudit, withContext, type Audit, type AuditOptions, type SdkError } from '@bitacora/sdk';
import { readRejected } from '@bitacora/sdk/spool';
import { afterAll, afterEach, expect, test } from 'vitest';
import { accept, startScriptedServer, type Respond } from '../support/scripted-server.ts';

const root = mkdtempSync(join(tmpdir(), 'bitacora-encrypted-'));
afterAll(() => rmSync(root, { recursive: true }));
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const key = randomBytes(32);
const away: Respond = (response) => response.writeHead(503).end();
const refuse: Respond = (response) => response.writeHead(403).end('{"title":"not with this key"}');

async function startServer(respond: Respond) {
  const server = await startScriptedServer(respond);
  closers.push(server.close);
  return server;
}

function connect(url: string, options: AuditOptions): { audit: Audit; errors: SdkError[] } {
  const errors: SdkError[] = [];
  const onError = (error: SdkError): unknown => errors.push(error);
  const settings = { url, key: 'k', batchAfterMs: 5, retryWaitMaxMs: 5, onError, ...options };
  const audit = createAudit(settings);
  closers.push(() => audit.close(0));
  return { audit, errors };
}

const ids = ['1', '2', '3'].map((n) => `019ca6b1-dc00-7000-8000-00000000000${n}`);
const [one = '', two = '', three = ''] = ids;
const event = (id?: string) => ({
  ...(id && { id }),
  action: 'contract.terminate',
  actor: { id: 'agnieszka', email: 'agnieszka@example.org' },
  description: 'Kündigung wegen Eigenbedarfs',
});
const values = [
  ...ids,
  'contract.terminate',
  'agnieszka',
  'example.org',
  'Kündigung',
  'Eigenbedarf',
  'north-quarter',
];

/** The values that each file contains, also after the end of the process. */
async function foundOnDisk(directory: string, spoolKey: Buffer | undefined): Promise<string[]> {
  const spool = { directory, bytesMax: 1e6, ...(spoolKey && { key: spoolKey }) };
  const refusing = await startServer(refuse);
  const refused = connect(refusing.url, { mode: 'durable', spool });
  await refused.audit.capture(event(one));
  await expect.poll(() => readdirSync(directory).some((name) => name.startsWith('rejected.'))).toBe(true);
  await expect.poll(() => refused.audit.health().pending).toBe(0);
  await refused.audit.close();
  const server = await startServer(away);
  const { audit } = connect(server.url, { spool, keyOf: () => 'k' });
  await withContext({ tenant: 'north-quarter' }, async () => {
    await audit.capture(event(two), { mode: 'durable' });
    void audit.capture(event(three));
  });
  expect(await audit.close(100)).toMatchObject({ pending: 2, spooled: 2 });
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(files.length).toBeGreaterThanOrEqual(4);
  return files.flatMap((file) => {
    const bytes = readFileSync(join(file.parentPath, file.name));
    return values.filter((value) => bytes.includes(value)).map((value) => `${file.name}: ${value}`);
  });
}

test('SDK-16 with a key no file of the spool holds plain text of an event, and all events are read back', async () => {
  // This checks that the search itself finds plain text.
  const inClear = await foundOnDisk(join(root, 'clear'), undefined);
  expect(new Set(inClear.map((found) => found.split(': ')[1]))).toEqual(new Set(values));
  const directory = join(root, 'encrypted');
  expect(await foundOnDisk(directory, key)).toEqual([]);

  const { rejected, unreadableBytes } = await readRejected({ directory, key: key.toString('hex') });
  expect(rejected).toMatchObject([{ rejection: { code: 'refused' }, event: event(one) }]);
  expect(unreadableBytes).toBe(0);
  for (const without of [{}, { key: randomBytes(32) }]) {
    const read = await readRejected({ directory, ...without });
    expect(read).toEqual({ rejected: [], unreadableBytes: expect.any(Number) });
    expect(read.unreadableBytes).toBeGreaterThan(300);
  }

  const server = await startServer(accept);
  const { audit } = connect(server.url, {
    spool: { directory, key: key.toString('base64') },
    keyOf: (tenant) => `key of ${tenant}`,
  });
  await expect.poll(() => audit.health().recovered.delivered).toBe(2);
  expect(server.batches.flat()).toMatchObject([event(two), event(three)]);
  expect(server.headers[0]?.['authorization']).toBe('Bearer key of north-quarter');
  await expect.poll(() => readdirSync(directory)).toEqual(['rejected.encrypted']);
});

test('SDK-16 events that need another key stay on the disk and are reported, while new ones are sent; with the right key they are sent', async () => {
  const directory = join(root, 'wrong');
  const first = await startServer(away);
  const { audit: before } = connect(first.url, { mode: 'durable', spool: { directory, key } });
  for (const id of ids) await before.capture(event(id));
  await before.close(0);
  // And an event that is not encrypted in the same directory.
  const { audit: plain } = connect(first.url, { mode: 'durable', spool: { directory } });
  await plain.capture(event());
  await plain.close(0);

  const server = await startServer(accept);
  const sent = (): string[] => server.batches.flat().map(({ id }) => id);
  for (const other of [{ key: randomBytes(32) }, {}]) {
    const { audit, errors } = connect(server.url, { mode: 'durable', spool: { directory, ...other } });
    await expect.poll(() => errors.map(({ code }) => code)).toEqual(['spool_locked']);
    expect(errors[0]?.message).toContain(directory);
    await expect(audit.capture(event())).resolves.toMatchObject({ state: 'spooled' });
    expect(await audit.close()).toMatchObject({ delivered: 1, pending: 0, dropped: 0 });
  }
  expect(sent()).toHaveLength(3);
  expect(sent().filter((id) => ids.includes(id))).toEqual([]);

  const { audit, errors } = connect(server.url, { mode: 'durable', spool: { directory, key } });
  await expect.poll(() => audit.health().recovered).toMatchObject({ delivered: 3, pending: 0 });
  expect(sent().slice(3)).toEqual(ids);
  expect(errors).toEqual([]);
  await expect.poll(() => readdirSync(directory)).toEqual([]);
});

test('SDK-16 SDK-2 an invalid key is refused at the start, and so is an empty one', () => {
  const valid = [
    key,
    new Uint8Array(key),
    key.toString('hex'),
    key.toString('base64'),
    key.toString('base64url'),
  ];
  for (const spoolKey of valid) {
    const audit = createAudit({
      url: 'http://localhost',
      key: 'k',
      spool: { directory: join(root, 'keys'), key: spoolKey },
    });
    void audit.close(0);
  }
  const invalid = [
    '',
    'secret',
    key.toString('hex').slice(1),
    `${key.toString('base64')}=`,
    `${key.toString('hex')}00`,
    key.subarray(1),
    Buffer.alloc(0),
    5,
    null,
    undefined,
    {},
  ];
  for (const spoolKey of invalid) {
    const options = { url: 'http://localhost', key: 'k', spool: { directory: root, key: spoolKey } };
    expect(() => Reflect.apply(createAudit, undefined, [options]), JSON.stringify(spoolKey)).toThrow(
      /^createAudit: spool\.key: 32 bytes/,
    );
  }
});
