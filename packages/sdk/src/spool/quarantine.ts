import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PendingEvent } from '../send/pending-event.ts';
import type { Judgement } from '../send/transport.ts';

/** Keeps what was promised to be kept and then refused for good, for a person to look at. */
export interface Quarantine {
  keep(event: PendingEvent, judgement: Judgement): void;
}

const fileName = 'rejected.ndjson';
const bytesMax = 16_777_216;

/**
 * Appends `{"rejection", "event"}` a line to `rejected.ndjson` in the spool's directory, which all who share it share too. At
 * most 16 MiB; what comes above it was still counted and told.
 */
export function createQuarantine(directory: string): Quarantine {
  const path = join(directory, fileName);
  let keeping = Promise.resolve();
  return {
    keep({ json }, judgement) {
      if (judgement.state !== 'rejected') return;
      const line = `{"rejection":${JSON.stringify(judgement.rejection)},"event":${json}}\n`;
      keeping = keeping
        .then(async () => {
          const size = await stat(path).then(
            (found) => found.size,
            () => 0,
          );
          if (size + line.length <= bytesMax) await appendFile(path, line, { mode: 0o600 });
        })
        // A disk that is full loses the copy, not the count.
        .catch(() => undefined);
    },
  };
}
