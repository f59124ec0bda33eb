import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@bitacora/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

// The tests start the real program as a user does, with a real server.
const bin = join(import.meta.dirname, '../bin/bitacora.mjs');
const map = join(import.meta.dirname, '../../../examples/import/wikipedia.yaml');
const key = 'cli-test-key-0123456789';
let folder = '';
let url = '';
let server: ChildProcess | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitacora-cli-'));
  const env = {
    ...process.env,
    BITACORA_DATA_DIR: join(folder, 'data'),
    BITACORA_PORT: '0',
    BITACORA_ADMIN_KEY: key,
    BITACORA_LOG_LEVEL: 'silent',
  };
  server = spawn(process.execPath, [bin, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  url = await listening(server);
});

afterAll(async () => {
  server?.kill('SIGTERM');
  if (server !== undefined && server.exitCode === null) await once(server, 'exit');
  await rm(folder, { recursive: true, force: true });
});

test('doctor finds a server that is ready', async () => {
  const { code, out } = await bitacora('doctor', '--json');
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).state),
    // The server, its clock, the key twice, and the two ledgers of the tenant.
  ).toEqual(Array(7).fill('fine'));
  expect(code).toBe(0);
});

test('what is imported is found, imported again adds nothing, and bad rows are reported with exit code 1', async () => {
  const file = join(folder, 'edits.ndjson');
  const edit = {
    time: '2015-09-11T00:46:58.771Z',
    user: 'Ana',
    page: 'Página',
    comment: 'x',
    isAnonymous: false,
    isNew: false,
    isRobot: false,
    delta: 3,
  };
  const lines = [edit, edit, { ...edit, isNew: true }, { ...edit, time: 'never' }].map((row) =>
    JSON.stringify(row),
  );
  await writeFile(file, lines.join('\n'));
  const report = join(folder, 'rejected.ndjson');
  const args = ['import', file, '--map', map, '--report', report, '--json'];
  const first = await bitacora(...args);
  expect(JSON.parse(first.out)).toMatchObject({
    rows: 4,
    events: 3,
    accepted: 3,
    duplicates: 0,
    rejected: 1,
  });
  expect(first.code).toBe(1);
  expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({ line: 4, row: 4 });
  const again = await bitacora(...args);
  expect(JSON.parse(again.out)).toMatchObject({ accepted: 0, duplicates: 3 });

  const found = await bitacora('search', '--action', 'page.edit', '--json', '--count');
  expect(
    found.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event.attributes.delta),
  ).toEqual([3, 3]);
  expect(found.err).toContain('2 found');
  const table = await bitacora('search', 'actor:Ana action:page.create');
  expect(table.out.trim().split('\n')[1]).toMatch(
    /^2015-09-11 00:46:58\.771 +Ana +page\.create +page\/Página/,
  );
});

test('verify passes on the server, with a receipt and offline, and finds an edit in the saved copy', async () => {
  const client = createClient({ url, key });
  const answer = await client.events.append({ action: 'thing.do', actor: { id: 'ana' } });
  const receipt = join(folder, 'receipt.json');
  await writeFile(receipt, JSON.stringify(answer));
  const vkey = await client.tlog.verifierKey('default');
  const saved = join(folder, 'saved');
  const online = await bitacora('verify', '--vkey', vkey, '--receipt', receipt, '--save', saved, '--json');
  expect(JSON.parse(online.out)).toMatchObject({ ok: true, kind: 'ok' });
  const { size } = JSON.parse(online.out);
  expect((await bitacora('verify', '--vkey', vkey, '--from', saved, '--receipt', receipt)).code).toBe(0);
  expect((await bitacora('verify', '--vkey', vkey, '--from', `${url}/v1/tlog/default`)).code).toBe(0);

  const bundle = join(saved, `tile/entries/000.p/${size}`);
  const bytes = await readFile(bundle);
  bytes.write('thing.no', bytes.lastIndexOf('thing.do'));
  await writeFile(bundle, bytes);
  const edited = await bitacora('verify', '--vkey', vkey, '--from', saved, '--json');
  expect(JSON.parse(edited.out)).toMatchObject({ ok: false, kind: 'differs', index: size - 1 });
  expect(edited.code).toBe(1);
});

test('tail shows what comes in', async () => {
  const tailing = bitacora('tail', 'action:live.one', '--limit', '1', '--json');
  const client = createClient({ url, key });
  const timer = setInterval(
    () => void client.events.append({ action: 'live.one', actor: { id: 'ana' } }),
    300,
  );
  try {
    expect(JSON.parse((await tailing).out).entry.event.action).toBe('live.one');
  } finally {
    clearInterval(timer);
  }
});

test('keys are made, listed and revoked, and the refusal of a key names the scope that it lacks', async () => {
  const made = JSON.parse((await bitacora('keys', 'create', 'reader', '--scopes', 'read', '--json')).out);
  const { id } = made.key;
  const refused = await bitacora('keys', 'list', '--key', made.secret);
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('admin')]);
  await bitacora('keys', 'revoke', id);
  const { out } = await bitacora('keys', 'list');
  expect(out.split('\n').find((line) => line.startsWith(id))).toMatch(/reader +read .*revoked$/);
});

test('F-09 users are invited, given another role, disabled and removed', async () => {
  const invited = await bitacora(
    'users',
    'invite',
    'Ana@example.com',
    '--role',
    'viewer',
    '--host-id',
    'ana',
  );
  expect(invited).toMatchObject({ code: 0, out: expect.stringMatching(/^http.*\/app\/link\/\S+\n$/) });
  expect((await bitacora('users', 'role', 'ana@example.com', 'auditor')).code).toBe(0);
  expect((await bitacora('users', 'disable', 'ana@example.com')).code).toBe(0);
  const { out } = await bitacora('users', 'list');
  expect(out.split('\n').find((line) => line.startsWith('ana@'))).toMatch(/auditor +all  disabled  never$/);
  const listed = (await bitacora('users', 'list', '--json')).out.trim().split('\n');
  expect(listed.map((line) => JSON.parse(line).email)).toContain('ana@example.com');
  expect((await bitacora('users', 'remove', 'ana@example.com')).code).toBe(0);
  const gone = await bitacora('users', 'link', 'ana@example.com');
  expect([gone.code, gone.err]).toEqual([2, expect.stringContaining('there is no user')]);
  const wrong = await bitacora('users', 'invite', 'x@example.com', '--role', 'king');
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('there is no role')]);
});

test.each([
  [['verify'], 'no --vkey'],
  [['verify', '--vkey', 'nonsense'], 'not a verifier key'],
  [['search', 'actor:(ana'], 'parenthesis'],
  [['search', '--limit', 'many'], 'whole number'],
  [['import', 'x.csv'], '--map'],
  [['frobnicate'], 'unknown command'],
  [['search', '--url', 'http://127.0.0.1:1'], 'no answer'],
  [['search', '--url', 'ftp://x'], '--url: not an http(s) URL'],
  [['codegen', '--check'], '--out: needed by --check'],
  [['codegen', '--out', 'x.ts'], '--url: this server has no packs'],
  [['pack', 'new', 'Not Kebab'], 'kebab-case'],
])('wrong usage ends with exit code 2 and a message that names the fault: %j', async (args, message) => {
  const { code, err } = await bitacora(...args);
  expect(err).toContain(message);
  expect(code).toBe(2);
});

test('one event, its relations and its proof are shown by its id', async () => {
  const client = createClient({ url, key });
  const event = { actor: { id: 'ana' }, correlationId: 'shown-1', target: { type: 'invoice', id: '7' } };
  const { results } = await client.events.append([
    { action: 'shown.one', ...event },
    { action: 'shown.two', ...event },
  ]);
  const id = results[0]?.id ?? '';
  expect(JSON.parse((await bitacora('get', id)).out)).toMatchObject({ id, event: { action: 'shown.one' } });
  const related = await bitacora('related', id);
  expect(related.out).toMatch(/^2 with the same correlation\nAT [^]*shown\.one[^]*shown\.two/);
  expect(related.out).toContain('the event has no session');
  expect(JSON.parse((await bitacora('related', id, '--json')).out)).toMatchObject({ target: { count: 2 } });
  const file = join(folder, 'one.tlog-proof');
  expect((await bitacora('proof', id, '--out', file)).code).toBe(0);
  expect(await readFile(file, 'utf8')).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex \d+\n/);
  expect((await bitacora('proof', id)).out).toContain('tlog-proof@v1');
  const none = await bitacora('get', '01890000-0000-7000-8000-000000000000');
  expect([none.code, none.err]).toEqual([2, expect.stringContaining('404 id: there is no event')]);
});

test('events are counted by value and by time, and written as JSON Lines', async () => {
  const client = createClient({ url, key });
  await client.events.append(
    ['success', 'failure', 'failure'].map((outcome) => ({
      action: 'counted.one',
      actor: { id: 'ana' },
      occurredAt: '2025-03-01T10:00:00.000Z',
      outcome: outcome as 'success',
    })),
  );
  const facets = await bitacora('facets', 'action:counted.*', '--fields', 'outcome,actor');
  expect(facets.out).toMatch(/^outcome\n +2 {2}failure\n +1 {2}success\nactor\n +3 {2}ana\n$/);
  const histogram = await bitacora('histogram', 'action:counted.*', '--interval', 'day', '--by', 'outcome');
  expect(histogram.out).toMatch(/^2025-03-01T00:00:00\.000Z +3 {2}failure 2, success 1\n$/m);
  const out = join(folder, 'export.jsonl');
  expect((await bitacora('export', 'action:counted.*', '--out', out)).code).toBe(0);
  const written = await readFile(out, 'utf8');
  expect(written).toBe((await bitacora('export', 'action:counted.*')).out);
  const lines = written.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).event.outcome)).toEqual(['success', 'failure', 'failure']);
  const nowhere = await bitacora('export', '--out', join(folder, 'no', 'folder'));
  expect([nowhere.code, nowhere.err]).toEqual([expect.any(Number), expect.stringContaining('ENOENT')]);
  expect(nowhere.code).not.toBe(0);
});

test('the text of a refusal begins with what is wrong, and ends with no name in brackets', async () => {
  const query = await bitacora('search', 'action:');
  expect([query.code, query.err]).toEqual([2, expect.stringMatching(/^bitacora: 400 query: /)]);
  const limit = await bitacora('search', '--limit', '5', '--from', 'yesterday or so');
  expect(limit.err).toMatch(/^bitacora: 400 from: /);
  for (const { err } of [query, limit]) expect(err.trimEnd()).not.toMatch(/\(\w+\)$/);
});

test('a key that cannot be one is refused in words', async () => {
  for (const odd of ['clé', 'bta own', '“bta_own”']) {
    const { code, err } = await bitacora('search', '--key', odd);
    expect([code, err]).toEqual([2, expect.stringContaining('the API key has a character that no key has')]);
  }
});

test('serve and migrate tell their options, and doctor without a key ends with 2', async () => {
  for (const command of ['serve', 'migrate']) {
    const { code, out } = await bitacora(command, '--help');
    expect([code, out]).toEqual([0, expect.stringMatching(/serve [^]*--demo[^]*migrate/)]);
  }
  const { code, out } = await bitacora('doctor', '--key', '');
  expect(code).toBe(2);
  expect(out).toMatch(/unknown +key +none given/);
});

async function bitacora(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const env = { ...process.env, BITACORA_URL: url, BITACORA_API_KEY: key };
  const child = spawn(process.execPath, [bin, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  await once(child, 'close');
  return { code: child.exitCode, out, err };
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const found = /listens on (http:\S+)/.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${text}`)));
  });
}
