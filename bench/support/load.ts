import { connect, type Socket } from 'node:net';

export interface LoadResult {
  requests: number;
  seconds: number;
  /** Milliseconds of each request. */
  latencies: number[];
  /** Answers that were not 2xx. */
  failures: number;
}

export interface LoadOptions {
  port: number;
  connections: number;
  seconds: number;
  /** The next request as raw HTTP; undefined ends the connection's work. */
  next: () => Buffer | undefined;
}

/**
 * Sends prepared requests over keep-alive connections. Each connection waits for the answer before it sends the next request.
 * Reads only as much of an answer as it needs, so that the load takes little CPU.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const result: LoadResult = { requests: 0, seconds: 0, latencies: [], failures: 0 };
  const start = performance.now();
  const until = start + options.seconds * 1000;
  await Promise.all(
    Array.from({ length: options.connections }, () => runConnection(options, { result, until })),
  );
  result.seconds = (performance.now() - start) / 1000;
  return result;
}

function runConnection(options: LoadOptions, run: { result: LoadResult; until: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect(options.port, '127.0.0.1');
    socket.setNoDelay(true);
    let sentAt = 0;
    let received = '';
    const send = (): void => {
      const request = performance.now() < run.until ? options.next() : undefined;
      if (!request) {
        socket.end();
        resolve();
        return;
      }
      sentAt = performance.now();
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (received.length < end + 4 + length) return;
      run.result.requests++;
      run.result.latencies.push(performance.now() - sentAt);
      if (!received.startsWith('HTTP/1.1 2')) run.result.failures++;
      received = '';
      send();
    });
  });
}

/** A POST of JSON as raw HTTP. */
export function postRequest(path: string, key: string, body: string): Buffer {
  const bytes = Buffer.from(body);
  const head = `POST ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
