import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { makeClusterTemplate } from './cluster-template.ts';

const memoryDisk = '/dev/shm';
const folderPrefix = 'bitacora-tests-';
/** All temporary files of a run together stay below this size. */
const memoryBytesMin = 8 * 1024 ** 3;

/** Vitest's global set-up, which makes a run with many servers and commands shorter. */
export default async function setUpRun(): Promise<() => void> {
  await makeClusterTemplate();
  removeLeftovers();
  const folder = roomInMemory() ? mkdtempSync(join(memoryDisk, `${folderPrefix}${process.pid}-`)) : undefined;
  if (folder === undefined) return () => undefined;
  // Making and removing the files of a database takes ten times longer on a disk. Files in memory survive the kill of a
  // process like files on a disk, so the tests of crashes are as strict.
  chmodSync(folder, 0o1777);
  process.env['TMPDIR'] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** Removes the folders of runs that were killed. */
function removeLeftovers(): void {
  if (!existsSync(memoryDisk)) return;
  for (const name of readdirSync(memoryDisk)) {
    const pid = name.startsWith(folderPrefix) ? name.slice(folderPrefix.length).split('-')[0] : undefined;
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(memoryDisk, name), { recursive: true, force: true });
  }
}

function roomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memoryDisk);
    return Math.min(bavail * bsize, freemem()) > memoryBytesMin;
  } catch {
    return false;
  }
}
