import { closeSync, openSync, readSync } from 'node:fs';
import type { KeptLeaf } from '@bitacora/tlog';
import { CliError } from '../cli-error.ts';

const hashBytes = 32;
const windowBytes = 1_048_576;

/**
 * The leaf hashes of a `.leaves` file (entry n at byte 32 n; zeros where none was kept), read window by window as they are
 * asked for, so that the file may be larger than memory. Throws `CliError` when it cannot be read.
 */
export function keptLeaves(path: string): { readonly keptLeaf: KeptLeaf; close(): void } {
  const file = opened(path);
  const window = Buffer.alloc(windowBytes);
  let start = 0;
  let length = 0;
  return {
    keptLeaf(index) {
      const at = index * hashBytes;
      if (at < start || at + hashBytes > start + length) {
        start = at;
        length = readSync(file, window, 0, windowBytes, at);
        if (length < hashBytes) return undefined;
      }
      const leaf = window.subarray(at - start, at - start + hashBytes);
      return leaf.every((byte) => byte === 0) ? undefined : Uint8Array.from(leaf);
    },
    close: () => closeSync(file),
  };
}

function opened(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
