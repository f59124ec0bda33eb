import { appendFile, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  createEd25519Verifier,
  formatVerifierKey,
  parseCheckpoint,
  parseNote,
  verifyCheckpoint,
  type Checkpoint,
  type Signer,
} from '@bitacora/tlog';
import type { Client } from '../storage/index.ts';
import type { LedgerRow } from './sealed-event.ts';

/** The newest checkpoint that was published, or undefined before the first. */
export async function publishedCheckpoint(
  client: Client,
  ledger: number,
): Promise<{ size: number; note: string } | undefined> {
  const result = await client.query<{ size: number; note: string }>({
    name: 'published-checkpoint',
    text: 'select size, note from checkpoint where ledger = $1 and published order by size desc limit 1',
    values: [ledger],
  });
  return result.rows[0];
}

/** Reads a note; undefined unless this installation signed it for the ledger. */
export function readOwnCheckpoint(
  note: string,
  { ledger, signer }: { ledger: LedgerRow; signer: Signer },
): Checkpoint | undefined {
  const verifier = createEd25519Verifier(formatVerifierKey(signer));
  if (!verifier.ok) return undefined;
  const checkpoint = verifyCheckpoint(note, { verifiers: [verifier.value], origin: ledger.origin });
  return checkpoint.ok ? checkpoint.value : undefined;
}

export interface CheckpointFile {
  /** Appends a signed note and syncs the file. */
  append(ledger: string, note: string): Promise<void>;
  /** The note with the greatest size at the end of a ledger's file, with its size and root. */
  last(ledger: string): Promise<{ note: string; size: number; root: Uint8Array } | undefined>;
}

/**
 * `checkpoints/<ledger>.notes` in the data directory: every published checkpoint, one after the other, outside the
 * database. Notes end with a blank line, so the file is also a list for `bitacora verify --checkpoint`.
 */
export function createCheckpointFile(dataDirectory: string): CheckpointFile {
  const fileOf = (ledger: string): string => join(dataDirectory, 'checkpoints', `${ledger}.notes`);
  return {
    async append(ledger, note) {
      const file = fileOf(ledger);
      await mkdir(dirname(file), { recursive: true });
      await appendFile(file, `${note}\n`);
      const handle = await open(file, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    async last(ledger) {
      const notes = splitNotes(await endOfFile(fileOf(ledger)))
        .map(readNote)
        .filter((note) => note !== undefined);
      return notes.reduce<(typeof notes)[number] | undefined>(
        (greatest, note) => (greatest && greatest.size >= note.size ? greatest : note),
        undefined,
      );
    },
  };
}

/** Enough for some 250 notes: the file grows for as long as the ledger does. */
const endBytes = 64 * 1024;

/** The last part of a file; '' when the file does not exist. Any other failure is thrown, so that no check is skipped unseen. */
async function endOfFile(file: string): Promise<string> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(size, endBytes));
    await handle.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8');
  } finally {
    await handle.close();
  }
}

/** Origin, size, root, a blank line, signatures. Tried at every line: a note after a torn one may begin inside a line. */
const wholeNote = /^(?=(.+\n\d+\n[A-Za-z0-9+/]{43}=\n\n(?:— .+\n)+))/gmu;

/**
 * The notes of a checkpoint file. A torn note (the machine stopped while writing) does not hide the notes after it. The note
 * directly after a torn one shares a line with it: its size and root are right, its origin is not.
 */
export function splitNotes(text: string): string[] {
  return [...text.matchAll(wholeNote)].map(([, note = '']) => note);
}

function readNote(note: string): { note: string; size: number; root: Uint8Array } | undefined {
  const parsed = parseNote(note);
  if (!parsed.ok) return undefined;
  const checkpoint = parseCheckpoint(parsed.value.text);
  return checkpoint.ok ? { note, size: checkpoint.value.size, root: checkpoint.value.root } : undefined;
}
