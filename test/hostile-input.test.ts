import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hostileInput, type HostileInput } from './support/hostile-inputs.ts';
import { createRandom } from './support/random.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';

const good = '{"action":"a.b","actor":{"id":"x"}}';
const perRequest = 500;
const requests = 100;
let server: TestServer;
let pid: number;

beforeAll(async () => {
  server = await startTestServer();
  pid = server.pid;
});

afterEach(async () => {
  // After all inputs the same process still runs, is ready, and accepts a good event.
  expect(await server.json('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
  expect(server.pid).toBe(pid);
  expect((await post(good)).status).toBe(201);
});

afterAll(async () => {
  await server.dispose();
});

async function post(
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: any }> {
  return server.json('/v1/events', {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
}

test('F19 50,000 hostile inputs: malformed ones are refused by field or byte, unusual ones come back as they were', async () => {
  const random = createRandom(19);
  const stored = new Map<string, string>();
  for (let request = 0; request < requests; request++) {
    const inputs = Array.from({ length: perRequest }, () => hostileInput(random));
    const body = inputs.map((input) => input.text).join('\n');
    const { status, body: answer } = await post(body, { 'content-type': 'application/x-ndjson' });
    expect(status).toBe(201);
    expect(answer.results.length).toBe(perRequest);
    let start = 0;
    inputs.forEach((input, line) => {
      const end = start + Buffer.byteLength(input.text);
      judge(input, answer.results[line], { start, end });
      if (input.becomes === 'stored') stored.set(input.id, canonical(input.event));
      start = end + 1;
    });
  }
  await comesBack(stored);
});

function judge(input: HostileInput, result: any, line: { start: number; end: number }): void {
  const about = () => `${input.text.slice(0, 300)} → ${JSON.stringify(result)}`;
  if (input.becomes === 'stored') {
    if (result.id !== input.id || result.error !== undefined) expect.fail(about());
    return;
  }
  const { field, position, code } = result.error ?? {};
  const named =
    input.becomes === 'malformed'
      ? code === 'malformed_json' && position >= line.start && position <= line.end
      : code !== 'malformed_json' &&
        input.fields.some((name) => field === name || (name !== '' && field.startsWith(name)));
  if (!named) expect.fail(about());
}

async function comesBack(stored: ReadonlyMap<string, string>): Promise<void> {
  let seen = 0;
  for (let cursor: string | null = ''; cursor !== null;) {
    const { body }: { body: any } = await server.json(
      `/v1/events?limit=1000${cursor ? `&cursor=${cursor}` : ''}`,
    );
    for (const { id, event } of body.entries) {
      const expected = stored.get(id);
      if (expected === undefined) continue;
      seen++;
      if (canonical(event) !== expected) expect(event).toEqual(JSON.parse(expected));
    }
    cursor = body.next;
  }
  expect(seen).toBe(stored.size);
  for (const id of [...stored.keys()].slice(0, 200)) {
    const { body } = await server.json(`/v1/events/${id}`);
    expect(canonical(body.event)).toBe(stored.get(id));
  }
}

/** JSON with sorted keys, so that equal values give equal texts. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join()}}`;
}

test('F19 a byte that is not UTF-8 is reported with its position', async () => {
  const random = createRandom(8);
  const text = Buffer.from(
    JSON.stringify({ action: 'a.b', actor: { id: 'señor 支払い 👍' }, description: 'x'.repeat(500) }),
  );
  for (let attempt = 0; attempt < 300; attempt++) {
    let at = random.int(text.length);
    while (((text[at] ?? 0) & 0xc0) === 0x80) at--;
    const bad = random.pick([
      [0xff],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf8],
      [0xf5, 0x80, 0x80, 0x80],
      [0x80],
    ]);
    const body = Buffer.concat([text.subarray(0, at), Buffer.from(bad), text.subarray(at)]);
    const answer = await post(body);
    expect({ status: answer.status, position: answer.body.position }).toEqual({ status: 400, position: at });
  }
});

test('F19 a document that is cut off at any place is refused with a position within it', async () => {
  const text = `[${good},{"action":"año","actor":{"id":"\\u00e9"},"attributes":{"n":[1,-2.5e3,true,null]}}]`;
  for (let cut = 1; cut < text.length; cut++) {
    const { status, body } = await post(text.slice(0, cut));
    expect(status).toBe(400);
    expect(body.position).toBeLessThanOrEqual(Buffer.byteLength(text.slice(0, cut)));
    expect(body).toMatchObject({ parameter: 'body' });
  }
});

describe('F19 wrong requests', () => {
  const gzip = { 'content-encoding': 'gzip' };
  const zipped = gzipSync(`[${good}]`);
  test.each<[string, string | Buffer, Record<string, string>, number]>([
    ['an empty body', '', {}, 400],
    ['an empty list', '[]', {}, 400],
    ['only spaces', ' \n ', {}, 400],
    ['a number', '5', {}, 422],
    ['null', 'null', {}, 422],
    ['a list that never ends', '['.repeat(100_000), {}, 400],
    [
      'more events than a request may hold',
      `[${Array.from({ length: 10_001 }, () => good).join()}]`,
      {},
      413,
    ],
    ['a gzip bomb', gzipSync(Buffer.alloc(200 * 1024 * 1024)), gzip, 413],
    ['a gzip bomb of gzip', gzipSync(gzipSync(Buffer.alloc(100 * 1024 * 1024))), gzip, 400],
    ['half a gzip', zipped.subarray(0, zipped.length / 2), gzip, 400],
    ['gzip with a wrong checksum', Buffer.concat([zipped.subarray(0, -8), Buffer.alloc(8, 7)]), gzip, 400],
    ['no gzip at all', good, gzip, 400],
    ['gzip that nobody declared', zipped, {}, 400],
    ['brotli', good, { 'content-encoding': 'br' }, 415],
    ['a picture', good, { 'content-type': 'image/png' }, 415],
    ['a form', 'action=a.b', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a content type that is none', good, { 'content-type': ';;;' }, 415],
    ['UTF-16', Buffer.from(good, 'utf16le'), {}, 400],
  ])('%s', async (_what, body, headers, expected) => {
    const { status, body: problem } = await post(body, headers);
    expect(status).toBe(expected);
    expect(problem.type).toMatch(/^urn:bitacora:problem:/);
    expect([problem.parameter, problem.detail].join('')).not.toBe('');
  });

  test.each([
    ['GET', '/v1/events?actor=%00'],
    ['GET', '/v1/events?q=%00'],
    ['GET', '/v1/events?q=attributes.%00:1'],
    ['GET', '/v1/events?ledger=%00'],
    ['GET', `/v1/events?q=${'%28'.repeat(500)}`],
    ['GET', '/v1/events?cursor=WzFlMzA4LDEsMSwwXQ'],
    ['GET', '/v1/events?cursor=WzkwMDcxOTkyNTQ3NDA5OTEsMSwxLDBd'],
    ['GET', '/v1/events?from=9999-12-31&to=0001-01-01'],
    ['GET', '/v1/events?from=now-999999w'],
    ['GET', '/v1/histogram?interval=day&from=now-999999w'],
    ['GET', '/v1/events?q=created:%3E9999-12-31'],
    ['GET', '/v1/events/%00'],
    ['GET', `/v1/events/${'x'.repeat(1_900)}`],
    ['GET', '/v1/events/%E0%A4%A'],
    ['GET', '/v1/events/..%2f..%2fetc%2fpasswd'],
    ['GET', '/v1/facets?fields=attributes.%00'],
    ['GET', '/v1/facets?fields=__proto__,constructor'],
    ['GET', '/v1/facets?fields=attributes.__proto__'],
    ['GET', '/v1/histogram?interval=day&by=constructor'],
    ['GET', '/v1/tlog/default/tile/0/x999/x999/x999/999'],
    ['GET', '/v1/tlog/%00/checkpoint'],
    ['GET', '/v1/tlog/default/tile/../../checkpoint'],
    ['GET', '/v1/tlog/default/tile/99/000'],
    ['GET', '/v1/directory/user/a%00b'],
    ['GET', `/v1/directory/${'t'.repeat(1_000)}/x`],
    ['DELETE', '/v1/directory/user/a%00b'],
    ['DELETE', '/v1/keys/%00'],
    ['DELETE', '/v1/keys/%F0%9F'],
    ['PATCH', '/v1/events'],
    ['GET', '/%c0%ae%c0%ae/'],
    ['POST', '/v1/tenants'],
    ['POST', '/v1/keys'],
  ])('%s %s never fails in the server', async (method, path) => {
    const response = await server.fetch(path, { method });
    const text = await response.text();
    expect({ status: response.status < 500, text }).toEqual({ status: true, text });
    if (response.status >= 400)
      expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  test.each([
    ['/v1/tenants', '{"name":"UPPER"}'],
    ['/v1/tenants', '{"name":"a\\u0000"}'],
    ['/v1/tenants', '{"name":5}'],
    ['/v1/keys', '{"name":"k","scopes":["root"]}'],
    ['/v1/keys', '{"name":"k","scopes":["read"],"expiresAt":"soon"}'],
    ['/v1/keys', '{"name":"k","scopes":["read"],"tenant":"nobody\\u0001"}'],
    ['/v1/keys', '{"name":"k","scopes":["read"],"scopes":["admin"]}'],
    ['/v1/ledgers', '{"name":"x","retentionDays":-1}'],
    ['/v1/ledgers', '{"name":"x","retentionDays":1e400}'],
    ['/v1/ledgers', '[{"name":"x"},{"name":"y"}]'],
  ])('POST %s %s is refused, and the answer names the fault', async (path, body) => {
    const { status, body: problem } = await server.json(path, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(typeof problem.parameter).toBe('string');
  });

  test('bytes that are not HTTP, and requests that are never finished, harm nobody', async () => {
    const { hostname, port } = new URL(server.url);
    const pieces = [
      '\u0000\u0001\u0002',
      'GET / HTTP/9.9\r\n\r\n',
      `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
      'POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{"act',
      'POST /v1/events HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n',
      'POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n',
    ];
    for (const piece of pieces) {
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), hostname, () => socket.write(piece));
        socket.once('data', () => socket.destroy());
        socket.once('error', () => resolve());
        socket.once('close', () => resolve());
        setTimeout(() => socket.destroy(), 200);
      });
    }
  });
});
