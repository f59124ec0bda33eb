import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface PacedLoadOptions {
  port: number;
  connections: number;
  /** Each connection sends a request after this time, unless it still waits for an answer. */
  everyMs: number;
  seconds: number;
  /** The next request as raw HTTP. */
  next: () => Buffer;
}

const lastAnswersMs = 200;

/** Sends a load that does not depend on how fast the answers are. Resolves with the milliseconds that each request waited. */
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
  /** The ports of the hosts, which are asked one after the other. */
  ports: readonly number[];
  everyMs: number;
  rounds: number;
  next: () => Buffer;
}

/**
 * Sends each host one request a round, never two requests at a time; another host is first in each round. Resolves with the
 * milliseconds of each answer, by host and round. When the machine is slow for a while, it is slow for all hosts of a round.
 * So differences within rounds vary less than differences between runs.
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
  /** Resolves when the request was answered. */
  answered(): Promise<void>;
}

async function openLine(port: number, waitedMs: number[]): Promise<Line> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  let sentAt: number | undefined;
  let onAnswer = (): void => undefined;
  // Answers are so small that each arrives in one chunk.
  socket.on('data', (chunk) => {
    if (!chunk.toString('latin1', 0, 12).startsWith('HTTP/1.1 2'))
      throw new Error(`the host answered ${chunk.toString()}`);
    if (sentAt !== undefined) waitedMs.push(performance.now() - sentAt);
    sentAt = undefined;
    onAnswer();
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
        else onAnswer = resolve;
      }),
  };
}
