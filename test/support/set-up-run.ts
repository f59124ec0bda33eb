import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeClusterTemplate } from './cluster-template.ts';

const cache = fileURLToPath(new URL('../../node_modules/.cache/bitacora/', import.meta.url));
const memoryDisk = '/dev/shm';
/** What all tests of a run have in temporary files at once stays below 2 GB. */
const memoryBytesMin = 8 * 1024 ** 3;

/** Vitest's global set-up: what makes a run of many servers and commands short. */
export default async function setUpRun(): Promise<() => void> {
  // Programs that tests start are compiled once: half the time of a command's start.
  process.env['NODE_COMPILE_CACHE'] ??= join(cache, 'compiled');
  await makeClusterTemplate();
  const folder = roomInMemory() ? mkdtempSync(join(memoryDisk, 'bitacora-tests-')) : undefined;
  if (folder === undefined) return () => undefined;
  // Making and removing the files of a database takes ten times longer on a disk. Processes are killed all the same:
  // what they wrote is there afterwards on either.
  chmodSync(folder, 0o1777);
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

function roomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memoryDisk);
    return Math.min(bavail * bsize, freemem()) > memoryBytesMin;
  } catch {
    return false;
  }
}
