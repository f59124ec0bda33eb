import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

/** Writes a file (a new one is readable by its owner only), and waits for the disk. `wx`: the file must not be there yet. Throws what the file system says. */
export function writeSynced(path: string, bytes: Buffer, flag: 'w' | 'wx'): void {
  const file = openSync(path, flag, 0o600);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
