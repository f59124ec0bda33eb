import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';

/** One line of the report. `id` is present when the event had one already; `code` and `field` when the server refused it. */
export interface RejectedRow {
  readonly line: number;
  readonly row: number;
  readonly reason: string;
  readonly id?: string;
  readonly code?: string;
  readonly field?: string;
}

export interface RejectionReport {
  add(rejected: RejectedRow): Promise<void>;
  close(): Promise<void>;
}

/**
 * Writes rejected rows as NDJSON. The file is made with the first rejected row, so there is no file when nothing was
 * rejected.
 */
export function createRejectionReport(file: string): RejectionReport {
  let stream: WriteStream | undefined;
  return {
    async add(rejected) {
      stream ??= createWriteStream(file);
      if (!stream.write(`${JSON.stringify(rejected)}\n`)) await once(stream, 'drain');
    },
    async close() {
      if (stream === undefined) return;
      stream.end();
      await once(stream, 'finish');
    },
  };
}
