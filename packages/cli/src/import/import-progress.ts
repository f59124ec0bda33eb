import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CliError } from '../cli-error.ts';
import { isMapping } from './mapping.ts';

/**
 * The progress of an import: how many events of the file the server has answered, and how many of these were in the last
 * batch.
 */
export interface ImportPosition {
  readonly events: number;
  readonly lastBatch: number;
}

export interface ImportProgress {
  read(): Promise<ImportPosition | undefined>;
  write(position: ImportPosition): Promise<void>;
  remove(): Promise<void>;
}

/**
 * The file that notes the position of an import, so that a killed import need not send everything again. Without it the same
 * events are sent and are duplicates. Its name is a hash of file, size, time, map, server and ledger. It is in a folder of this
 * user in the system's folder for temporary files, because the folder of the input may be read-only. Where another user could
 * have made that folder nothing is noted or believed: a false position would leave out rows.
 */
export async function openImportProgress(file: string, identity: readonly string[]): Promise<ImportProgress> {
  const { size, mtimeMs } = await stat(file).catch((cause: Error) => {
    throw new CliError(`cannot read ${file}: ${cause.message}`);
  });
  const name = createHash('sha256')
    .update(JSON.stringify([resolve(file), size, mtimeMs, ...identity]))
    .digest('hex');
  const folder = await ownFolder();
  if (folder === undefined) return { read: nothing, write: nothing, remove: nothing };
  const path = join(folder, `import-${name.slice(0, 32)}.progress`);
  return {
    async read() {
      try {
        const value: unknown = JSON.parse(await readFile(path, 'utf8'));
        if (!isMapping(value)) return undefined;
        const { events, lastBatch } = value;
        return typeof events === 'number' && typeof lastBatch === 'number'
          ? { events, lastBatch }
          : undefined;
      } catch {
        return undefined;
      }
    },
    async write(position) {
      await writeFile(`${path}.new`, JSON.stringify(position));
      await rename(`${path}.new`, path);
    },
    remove: () => rm(path, { force: true }),
  };
}

async function nothing(): Promise<undefined> {}

/** The folder of this user for temporary files, which nobody else may enter; undefined when it is of somebody else. */
async function ownFolder(): Promise<string | undefined> {
  const uid = process.getuid?.();
  const folder = join(tmpdir(), uid === undefined ? 'bitacora' : `bitacora-of-${uid}`);
  await mkdir(folder, { mode: 0o700 }).catch(() => undefined);
  const stats = await lstat(folder).catch(() => undefined);
  if (!stats?.isDirectory()) return undefined;
  const own = uid === undefined || (stats.uid === uid && (stats.mode & 0o077) === 0);
  return own ? folder : undefined;
}
