import type { KeyObject } from 'node:crypto';
import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PendingEvent } from '../send/pending-event.ts';
import type { Judgement } from '../send/transport.ts';
import { createSpoolCipher } from './cipher.ts';
import { encodeFrame } from './frame.ts';

/** Keeps what was promised to be kept and then refused for good, for a person to look at. */
export interface Quarantine {
  keep(event: PendingEvent, judgement: Judgement): void;
}

export interface QuarantineOptions {
  readonly directory: string;
  readonly key: KeyObject | undefined;
}

/** In a spool's directory; the second where it has a key. */
export const quarantineFiles = ['rejected.ndjson', 'rejected.encrypted'] as const;
/** What its texts are encrypted for. */
export const quarantinePlace = 'rejected';
const bytesMax = 16_777_216;

/**
 * Appends `{"rejection", "event"}` a line to `rejected.ndjson` in the spool's directory, which all who share it share too, or
 * a frame to `rejected.encrypted`. At most 16 MiB each; what comes above it was still counted and told.
 */
export function createQuarantine({ directory, key }: QuarantineOptions): Quarantine {
  const path = join(directory, quarantineFiles[key ? 1 : 0]);
  const cipher = key && createSpoolCipher(key, quarantinePlace);
  let keeping = Promise.resolve();
  return {
    keep({ sequence, json: event }, judgement) {
      if (judgement.state !== 'rejected') return;
      const json = `{"rejection":${JSON.stringify(judgement.rejection)},"event":${event}}`;
      const bytes = cipher ? encodeFrame({ sequence, json }, cipher) : Buffer.from(`${json}\n`);
      keeping = keeping
        .then(async () => {
          const size = await stat(path).then(
            (found) => found.size,
            () => 0,
          );
          if (size + bytes.length <= bytesMax) await appendFile(path, bytes, { mode: 0o600 });
        })
        // A disk that is full loses the copy, not the count.
        .catch(() => undefined);
    },
  };
}
