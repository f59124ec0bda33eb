import { once } from 'node:events';
import { connect } from 'node:net';

export type RedisReply = Buffer | number | null | RedisReply[];

export interface RedisClient {
  /** Runs a command and returns its reply. @throws Error with the text of an error reply */
  run(...command: (string | Buffer)[]): Promise<RedisReply>;
  /** Names of keys that match a pattern. */
  names(pattern: string): Promise<string[]>;
  close(): void;
}

/** A client that speaks the protocol of Redis itself, so that tests do not read keys with the driver that they test. */
export async function connectToRedis(port: number): Promise<RedisClient> {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  let received = Buffer.alloc(0);
  const waiting: { resolve: (reply: RedisReply) => void; reject: (error: Error) => void }[] = [];
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    for (let read = readReply(received, 0); read; read = readReply(received, 0)) {
      received = received.subarray(read.next);
      const first = waiting.shift();
      if (read.reply instanceof Error) first?.reject(read.reply);
      else first?.resolve(read.reply);
    }
  });
  const fail = (): void => waiting.splice(0).forEach(({ reject }) => reject(new Error('Redis is gone')));
  socket.on('error', fail).on('close', fail);
  const client: RedisClient = {
    run: (...command) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        const parts = command.map((part) => Buffer.from(part));
        socket.write(
          Buffer.concat([
            Buffer.from(`*${parts.length}\r\n`),
            ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')]),
          ]),
        );
      }),
    async names(pattern) {
      const found = await client.run('KEYS', pattern);
      return Array.isArray(found) ? found.map(String) : [];
    },
    close: () => socket.destroy(),
  };
  return client;
}

/** Reads a reply; undefined when it is not complete yet. */
function readReply(bytes: Buffer, at: number): { reply: RedisReply | Error; next: number } | undefined {
  const end = bytes.indexOf('\r\n', at);
  if (end < 0) return undefined;
  const line = bytes.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (bytes.toString('utf8', at, at + 1)) {
    case '-':
      return { reply: new Error(line), next };
    case ':':
      return { reply: Number(line), next };
    case '$': {
      const length = Number(line);
      if (length < 0) return { reply: null, next };
      if (bytes.length < next + length + 2) return undefined;
      return { reply: Buffer.from(bytes.subarray(next, next + length)), next: next + length + 2 };
    }
    case '*': {
      const replies: RedisReply[] = [];
      let place = next;
      for (let left = Number(line); left > 0; left--) {
        const read = readReply(bytes, place);
        if (!read) return undefined;
        if (!(read.reply instanceof Error)) replies.push(read.reply);
        place = read.next;
      }
      return { reply: replies, next: place };
    }
    default:
      return { reply: Buffer.from(line), next };
  }
}
