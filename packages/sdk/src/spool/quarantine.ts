import type { KeyObject } from 'node:crypto';
import { appendFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PendingEvent } from '../send/pending-event.ts';
import type { Judgement } from '../send/transport.ts';
import { createSpoolCipher } from './cipher.ts';
import { encodeFrame } from './frame.ts';

/** Keeps spooled events that the server refused for good, so that a person can look at them. */
export interface Quarantine {
  keep(event: PendingEvent, judgement: Judgement): void;
}

export interface QuarantineOptions {
  readonly directory: string;
  readonly key: KeyObject | undefined;
}

/** The files in a spool's directory: `encrypted` where the spool has a key. */
export const quarantineFiles = { clear: 'rejected.ndjson', encrypted: 'rejected.encrypted' } as const;
/** The place for which its texts are encrypted. */
export const quarantinePlace = 'rejected';
const bytesMax = 16_777_216;

/**
 * Appends `{"rejection", "event"}` as a line to `rejected.ndjson`, or as a frame to `rejected.encrypted`, in the spool's
 * directory. Processes that share the directory share the files. Each takes at most 16 MiB; events beyond that are not kept,
 * but they were counted and reported.
 */
export function createQuarantine({ directory, key }: QuarantineOptions): Quarantine {
  const path = join(directory, key ? quarantineFiles.encrypted : quarantineFiles.clear);
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
            (file) => file.size,
            () => 0,
          );
          if (size + bytes.length <= bytesMax) await appendFile(path, bytes, { mode: 0o600 });
        })
        // On a full disk the copy is not kept; the event was counted already.
        .catch(() => undefined);
    },
  };
}
