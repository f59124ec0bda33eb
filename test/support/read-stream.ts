import type { TestServer } from './test-server.ts';

export interface Seen {
  /** The position to resume from after this entry. */
  position: string;
  entry: { id: string; index: number; event: { action: string } };
}

export interface Stream {
  seen: Seen[];
  /** The last position of the stream, also from blocks without an entry. */
  position(): string | undefined;
  /** Resolves when one of the sides has ended the stream. */
  ended: Promise<void>;
  close(): void;
}

/** Reads server-sent events of the tail; `after` is sent as Last-Event-ID. @throws Error when the answer is not a stream */
export async function readStream(server: TestServer, query: string, after?: string): Promise<Stream> {
  const abort = new AbortController();
  const headers = after === undefined ? {} : { 'last-event-id': after };
  const response = await server.fetch(`/v1/tail${query}`, { headers, signal: abort.signal });
  if (response.status !== 200 || !response.body)
    throw new Error(`${response.status}: ${await response.text()}`);
  const seen: Seen[] = [];
  let position: string | undefined;
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = new Map(
          block
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        position = fields.get('id') ?? position;
        if (fields.get('event') === 'entry')
          seen.push({ position: position ?? '', entry: JSON.parse(fields.get('data') ?? '') });
      }
    }
  };
  return {
    seen,
    position: () => position,
    ended: read(response.body).catch(() => undefined),
    close: () => abort.abort(),
  };
}
