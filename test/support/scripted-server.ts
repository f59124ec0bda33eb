import { createServer, type ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';

export interface SentEvent {
  id: string;
  action: string;
  occurredAt: string;
  actor: { type: string; id: string };
  attributes?: { n?: number };
}

/** Answers a batch; `call` is its number, from 0. */
export type Respond = (response: ServerResponse, events: SentEvent[], call: number) => unknown;

export interface ScriptedServer {
  url: string;
  batches: SentEvent[][];
  /** The headers of each batch. */
  headers: Record<string, string | string[] | undefined>[];
  /** The time at which each batch arrived, by `performance.now()`. */
  times: number[];
  reports: { instance: string; body: any }[];
  close(): void;
}

/** A server that answers batches as a test says, for answers that our server does not give on demand. */
export async function startScriptedServer(
  respond: Respond = accept,
  { knowsSources = true } = {},
): Promise<ScriptedServer> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const text = String(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
      if (request.method === 'PUT') {
        scripted.reports.push({ instance: request.url?.split('/').at(-1) ?? '', body: JSON.parse(text) });
        response.writeHead(knowsSources ? 204 : 404).end();
        return;
      }
      const events: SentEvent[] = JSON.parse(text);
      scripted.times.push(performance.now());
      scripted.headers.push(request.headers);
      scripted.batches.push(events);
      respond(response, events, scripted.batches.length - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const scripted: ScriptedServer = {
    url: `http://127.0.0.1:${address.port}`,
    batches: [],
    headers: [],
    times: [],
    reports: [],
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return scripted;
}

/** Accepts all events; the index of an event is its position in the batch. */
export function accept(response: ServerResponse, events: SentEvent[]): void {
  const results = events.map(({ id }, index) => ({ id, index, leafHash: '' }));
  response
    .writeHead(201)
    .end(JSON.stringify({ accepted: events.length, duplicates: 0, rejected: 0, results }));
}
