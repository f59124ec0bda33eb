import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createDatabase } from './database.ts';

const authenticated = message('R', Buffer.from([0, 0, 0, 0]));
const ready = message('Z', Buffer.from('I'));
const ended = message('E', Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0'));

function message(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeUInt32BE(content.length + 4, 1);
  return Buffer.concat([head, content]);
}

test('a connection that ends in the moment it opens fails the question and not the process', async () => {
  // The messages of PostgreSQL arrive together, as they do when the process was busy.
  const dying = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, ended])));
  });
  dying.listen(0, '127.0.0.1');
  await once(dying, 'listening');
  const { port } = dying.address() as AddressInfo;
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown): void => void uncaught.push(error);
  process.on('uncaughtException', onUncaught);
  const url = `postgres://role@127.0.0.1:${port}/any`;
  const database = createDatabase({ maintenance: url, writer: url, reader: url }, () => undefined);
  const calls = [
    database.heads([1]),
    database.read({ tenant: 1, ledgers: [1] }, (client) => client.query('select 1')),
    database.plain((client) => client.query('select 1')),
  ];
  for (const answer of await Promise.allSettled(calls)) expect(answer.status).toBe('rejected');
  await database.close();
  dying.close();
  process.off('uncaughtException', onUncaught);
  expect(uncaught).toEqual([]);
});
