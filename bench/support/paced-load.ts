import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface PacedLoadOptions {
  port: number;
  connections: number;
  /** Each connection sends a request so often, unless it still waits for an answer. */
  everyMs: number;
  seconds: number;
  /** The next request as raw HTTP. */
  next: () => Buffer;
}

const lastAnswersMs = 200;

/** The same load however fast the answers are; resolves with how long each request waited, in milliseconds. */
export async function runPacedLoad(options: PacedLoadOptions): Promise<number[]> {
  const waitedMs: number[] = [];
  const lines = await Promise.all(
    Array.from({ length: options.connections }, () => openLine(options.port, waitedMs)),
  );
  const until = performance.now() + options.seconds * 1000;
  for (let tick = performance.now(); tick < until; tick += options.everyMs) {
    for (const line of lines) line.send(options.next);
    await sleep(Math.max(0, tick + options.everyMs - performance.now()));
  }
  await sleep(lastAnswersMs);
  for (const { socket } of lines) socket.destroy();
  return waitedMs;
}

export interface TurnsOptions {
  /** Of hosts that are asked one after the other. */
  ports: readonly number[];
  everyMs: number;
  rounds: number;
  next: () => Buffer;
}

/**
 * Asks the hosts one after the other, each once a round and never two at a time, who is first changing by round; resolves
 * with how long each waited by host and round, in milliseconds. What slows the machine for a while slows all of a round, so
 * that differences within rounds show less than runs of seconds would.
 */
export async function askInTurns({ ports, everyMs, rounds, next }: TurnsOptions): Promise<number[][]> {
  const waitedMs: number[][] = ports.map(() => []);
  const lines = await Promise.all(ports.map((port, host) => openLine(port, waitedMs[host] ?? [])));
  for (let round = 0; round < rounds; round++) {
    for (const place of lines.keys()) {
      const line = lines[(place + round) % lines.length];
      line?.send(next);
      await line?.answered();
      if (everyMs > 0) await sleep(everyMs);
    }
  }
  for (const { socket } of lines) socket.destroy();
  return waitedMs;
}

interface Line {
  socket: Socket;
  send(next: () => Buffer): void;
  /** Resolves when none is waited for. */
  answered(): Promise<void>;
}

async function openLine(port: number, waitedMs: number[]): Promise<Line> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let sentAt: number | undefined;
  let tell = (): void => undefined;
  // Answers are small: each comes in one piece.
  socket.on('data', (chunk) => {
    if (!chunk.toString('latin1', 0, 12).startsWith('HTTP/1.1 2'))
      throw new Error(`the host answered ${chunk.toString()}`);
    if (sentAt !== undefined) waitedMs.push(performance.now() - sentAt);
    sentAt = undefined;
    tell();
  });
  return {
    socket,
    send(next) {
      if (sentAt !== undefined) return;
      sentAt = performance.now();
      socket.write(next());
    },
    answered: () =>
      new Promise((resolve) => {
        if (sentAt === undefined) resolve();
        else tell = resolve;
      }),
  };
}
