import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createWebhookPost, type FindAddresses } from './post-webhook.ts';
import { createReceiverAddresses } from './receiver-addresses.ts';

// Every address of this machine is internal, so no request may reach this server.
let inner: Server;
let port = 0;
let hits = 0;
let answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end();

beforeAll(async () => {
  inner = createServer((request, response) => {
    hits += 1;
    request.resume();
    answer(request, response);
  }).listen(0);
  await once(inner, 'listening');
  ({ port } = inner.address() as AddressInfo);
});
afterAll(() => {
  inner.closeAllConnections();
  inner.close();
});

const { signal } = new AbortController();
const send = (url: string, post = createWebhookPost(createReceiverAddresses([]))): Promise<number> =>
  post({ url: new URL(url), headers: {}, body: '{}', signal });
const finding =
  (...addresses: string[]): FindAddresses =>
  (_, found) =>
    found(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

const literals = [
  // Loopback in every notation that URLs allow, and its name.
  '127.0.0.1',
  '127.1',
  '127.255.255.254',
  '2130706433',
  '0x7f000001',
  '0x7f.0.0.1',
  '017700000001',
  '0177.0.0.1',
  '127.0.1',
  '１２７.０.０.１',
  '127。0。0。1',
  'localhost',
  'LOCALHOST',
  'localhost.',
  '0',
  '0.0.0.0',
  '00000000',
  '0x0',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[0000::0001]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:0:7f00:1]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  // Private networks, also mapped into IPv6.
  '10.0.0.1',
  '10.255.255.255',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '192.168.255.255',
  '[::ffff:10.0.0.1]',
  '[::ffff:a00:1]',
  '[::ffff:192.168.0.1]',
  '[::ffff:ac10:1]',
  '167772161',
  '0xc0a80001',
  // Metadata of clouds, link-local.
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '[::ffff:a9fe:a9fe]',
  '169.254.170.2',
  '[fe80::1]',
  '[fe80::a9fe:a9fe]',
  '[febf::1]',
  '[fec0::1]',
  '[fd00:ec2::254]',
  '169.254.0.1',
  // Shared, benchmark, protocol, documentation, multicast, reserved, broadcast.
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.255',
  '198.18.0.1',
  '198.19.255.255',
  '192.0.0.1',
  '192.0.0.192',
  '192.0.2.1',
  '198.51.100.1',
  '203.0.113.1',
  '192.88.99.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '254.1.1.1',
  '255.255.255.255',
  '0.1.2.3',
  '[ff02::1]',
  '[ff0e::1]',
  // Unique local, NAT64, 6to4, Teredo, documentation, discard, IPv4-compatible, unassigned.
  '[fc00::1]',
  '[fdff::1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::1]',
  '[64:ff9b::808:808]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2001::1]',
  '[2001:0:7f00:1::]',
  '[2001:db8::1]',
  '[2001:10::1]',
  '[2001:20::1]',
  '[3fff::1]',
  '[100::1]',
  '[::8.8.8.8]',
  '[::ffff:8.8.8.8]',
  '[::2]',
  '[4000::1]',
  '[5f00::1]',
];

describe('X4 nothing is sent to a receiver that is not on the public Internet', () => {
  test(`${literals.length} internal addresses are refused in every form in which they are written, and no request reaches them`, async () => {
    const before = hits;
    for (const scheme of ['http', 'https'])
      for (const host of literals)
        await expect(send(`${scheme}://${host}:${port}/hook`), `${scheme} ${host}`).rejects.toThrow(
          /internal address|has no address|ENOTFOUND|EAI_AGAIN/,
        );
    expect(hits).toBe(before);
    expect(literals.length * 2).toBeGreaterThanOrEqual(120);
  });

  test('a name that has an internal address or no address is refused', async () => {
    const addresses = createReceiverAddresses([]);
    for (const found of [
      ['127.0.0.1'],
      ['93.184.216.34', '127.0.0.1'],
      ['2606:2800:220:1::1', '::1'],
      ['169.254.169.254', '93.184.216.34'],
      ['fe80::1%eth0'],
      [],
    ])
      await expect(
        send(`https://rebound.example:${port}/`, createWebhookPost(addresses, finding(...found))),
        found.join(),
      ).rejects.toThrow(/internal address|no address/);
  });

  test('a name is resolved once, and the connection goes to the address that was checked', async () => {
    const answers = ['127.0.0.1', '127.0.0.2'];
    let asked = 0;
    const rebinding: FindAddresses = (_, found) =>
      found(null, [{ address: answers[asked++] ?? '', family: 4 }]);
    const post = createWebhookPost(
      createReceiverAddresses([{ address: '127.0.0.1', prefix: 32 }]),
      rebinding,
    );
    const before = hits;
    expect(await send(`http://rebound.example:${port}/`, post)).toBe(200);
    await expect(send(`http://rebound.example:${port}/`, post)).rejects.toThrow('127.0.0.2 is an internal');
    expect([asked, hits - before]).toEqual([2, 1]);
  });

  test('nothing is sent unencrypted to public addresses, except to listed ones', async () => {
    const { refusal } = createReceiverAddresses([
      { address: '10.1.0.0', prefix: 16 },
      { address: 'fd00:1::', prefix: 32 },
    ]);
    expect(refusal('93.184.216.34', 'http:')).toMatch(/not private/);
    for (const address of ['93.184.216.34', '8.8.8.8', '2606:2800:220:1::1', '172.15.0.1', '100.128.0.1'])
      expect(refusal(address, 'https:')).toBeUndefined();
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00:1::5'])
      expect(refusal(address, 'http:')).toBeUndefined();
    for (const address of ['10.2.0.1', 'fd00:2::5', 'nonsense', ''])
      expect(refusal(address, 'https:')).toMatch(/is an internal address|is no address/);
  });
});

describe('what a receiver answers', () => {
  const post = createWebhookPost(createReceiverAddresses([{ address: '127.0.0.0', prefix: 8 }]));
  const there = (path = '/'): Promise<number> => send(`http://127.0.0.1:${port}${path}`, post);

  test('X4 a redirect counts as an answer and is not followed', async () => {
    const before = hits;
    for (const status of [301, 302, 303, 307, 308]) {
      answer = (_, response) =>
        response.writeHead(status, { location: `http://127.0.0.1:${port}/inner` }).end();
      expect(await there()).toBe(status);
    }
    expect(hits - before).toBe(5);
  });

  test('X4 at most 64 KiB are read of an endless answer', async () => {
    let sent = 0;
    let closed = false;
    answer = (_, response) => {
      response.on('close', () => (closed = true));
      const more = (): void => {
        while (!closed && response.write(Buffer.alloc(16_384))) sent += 16_384;
        if (!closed) response.once('drain', more);
      };
      more();
    };
    expect(await there()).toBe(200);
    await expect.poll(() => closed).toBe(true);
    // The buffers of the two sockets may hold some more bytes.
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  test('a receiver that closes the connection has not answered', async () => {
    answer = (request) => request.socket.destroy();
    await expect(there()).rejects.toThrow(/socket hang up|ended without/);
  });
});
