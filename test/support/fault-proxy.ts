import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** The faults of a connection. Bytes are counted from the connection's start. */
export interface Fault {
  /** Each chunk is delayed by this time, in both directions. */
  delayMs?: number;
  /** The connection is reset after this number of bytes from the client. The bytes before are passed on. */
  cutUpAfterBytes?: number;
  /** The same for bytes from the server. */
  cutDownAfterBytes?: number;
  /** After this number of bytes the client's side is ended in the regular way, as in a half-closed connection. */
  halfCloseAfterBytes?: number;
  /** All bytes are dropped, so both sides wait. */
  drop?: boolean;
}

export interface FaultProxy {
  port: number;
  /** Sets the faults of new connections, and with `now` also those of open ones. */
  set(fault: Fault, options?: { now: boolean }): void;
  /** Resets all connections and refuses new ones until `open()`. */
  cut(): void;
  open(): void;
  /** Chunks that clients have sent so far, on all connections. */
  chunksUp(): number;
  close(): Promise<void>;
}

interface Link {
  client: Socket;
  server: Socket;
  fault: Fault;
}

/** A TCP proxy on 127.0.0.1 that makes the faults of a network. */
export async function startFaultProxy(target: { port: number; host?: string }): Promise<FaultProxy> {
  const links = new Set<Link>();
  let fault: Fault = {};
  let refusing = false;
  let chunksUp = 0;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (refusing) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port: target.port, host: target.host ?? '127.0.0.1', allowHalfOpen: true });
    const link: Link = { client, server: upstream, fault };
    links.add(link);
    const done = (): void => {
      links.delete(link);
      reset(link);
    };
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', done);
      socket.on('close', done);
    }
    client.on('data', () => chunksUp++);
    pump(link, 'up');
    pump(link, 'down');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    set(next, options) {
      fault = next;
      if (options?.now) for (const link of links) link.fault = next;
    },
    cut() {
      refusing = true;
      for (const link of links) reset(link);
    },
    open() {
      refusing = false;
    },
    chunksUp: () => chunksUp,
    async close() {
      for (const link of links) reset(link);
      server.close();
      await once(server, 'close');
    },
  };
}

function pump(link: Link, direction: 'up' | 'down'): void {
  const [from, to] = direction === 'up' ? [link.client, link.server] : [link.server, link.client];
  let passed = 0;
  from.on('data', (chunk: Buffer) => {
    const { delayMs, cutUpAfterBytes, cutDownAfterBytes, halfCloseAfterBytes, drop } = link.fault;
    if (drop) return;
    const cutAfter = (direction === 'up' ? cutUpAfterBytes : cutDownAfterBytes) ?? Infinity;
    const endAfter = direction === 'up' ? (halfCloseAfterBytes ?? Infinity) : Infinity;
    const part = chunk.subarray(0, Math.max(0, Math.min(cutAfter, endAfter) - passed));
    passed += chunk.length;
    const pass = (): void => {
      if (!to.writable) return;
      if (passed >= cutAfter) to.write(part, () => reset(link));
      else if (passed >= endAfter) to.end(part);
      else to.write(part);
    };
    if (!delayMs) {
      pass();
      return;
    }
    // Chunks are delayed one after the other, so the connection is slow and not only late.
    from.pause();
    setTimeout(() => {
      pass();
      from.resume();
    }, delayMs);
  });
  from.on('end', () => to.end());
}

function reset(link: Link): void {
  link.client.resetAndDestroy();
  link.server.resetAndDestroy();
}
