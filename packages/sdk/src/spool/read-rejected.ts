import type { EventInput, Rejection } from '@bitacora/event';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../host/has-code.ts';
import { createSpoolCipher } from './cipher.ts';
import { quarantineFiles, quarantinePlace } from './quarantine.ts';
import { readSegment } from './segment-reader.ts';
import { parseSpoolKey } from './spool-key.ts';

/** An event that was spooled and then refused for good. */
export interface Rejected {
  readonly rejection: Rejection;
  readonly event: EventInput;
}

export interface RejectedEvents {
  /** The events of `rejected.ndjson`, then those of `rejected.encrypted`, each in the order in which they were refused. */
  readonly rejected: readonly Rejected[];
  /** Bytes that are damaged, or that another key encrypted. */
  readonly unreadableBytes: number;
}

/**
 * Reads the spooled events that the server refused for good. `key`: the option `spool.key`; without it, encrypted events count
 * as unreadable. TypeError for a wrong key. Rejects with what the file system says, except where a file is not there.
 */
export async function readRejected(spool: {
  readonly directory: string;
  readonly key?: Uint8Array | string;
}): Promise<RejectedEvents> {
  const clear = join(spool.directory, quarantineFiles.clear);
  const encrypted = join(spool.directory, quarantineFiles.encrypted);
  const parts = [await readLines(clear), await readEncrypted(encrypted, spool.key)];
  const texts = parts.flatMap((part) => part.texts);
  const parsed = texts.map((text) => ({ text, rejected: parseRejected(text) }));
  const torn = parsed.filter(({ rejected }) => rejected === undefined);
  return {
    rejected: parsed.flatMap(({ rejected }) => rejected ?? []),
    unreadableBytes:
      torn.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) +
      parts.reduce((sum, { unreadableBytes }) => sum + unreadableBytes, 0),
  };
}

interface RejectedTexts {
  readonly texts: readonly string[];
  readonly unreadableBytes: number;
}
const nothing: RejectedTexts = { texts: [], unreadableBytes: 0 };

async function readLines(path: string): Promise<RejectedTexts> {
  if ((await bytesIn(path)) === 0) return nothing;
  const lines = (await readFile(path, 'utf8')).split('\n');
  return { texts: lines.filter((line) => line !== ''), unreadableBytes: 0 };
}

async function readEncrypted(
  path: string,
  spoolKey: Uint8Array | string | undefined,
): Promise<RejectedTexts> {
  const key = parseSpoolKey(spoolKey);
  if (spoolKey !== undefined && key === undefined)
    throw new TypeError('readRejected: key: 32 bytes, as a Buffer or as base64 or hex text');
  const bytesEnd = await bytesIn(path);
  if (bytesEnd === 0) return nothing;
  if (key === undefined) return { texts: [], unreadableBytes: bytesEnd };
  const cipher = createSpoolCipher(key, quarantinePlace);
  const everything = { eventsMax: Infinity, bytesMax: Infinity };
  const page = await readSegment(path, { position: 0, bytesEnd, cipher }, everything);
  return { texts: page.frames.map(({ json }) => json), unreadableBytes: page.damagedBytes };
}

async function bytesIn(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return 0;
    throw cause;
  }
}

/** Parses what the quarantine wrote; undefined for a line that was not written as a whole. */
function parseRejected(text: string): Rejected | undefined {
  try {
    return JSON.parse(text) as Rejected;
  } catch {
    return undefined;
  }
}
