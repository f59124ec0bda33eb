import { spawnSync } from 'node:child_process';
import { lchownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { AuditError } from '../audit-error.ts';
import type { Binaries, ServiceUser } from './postgres-programs.ts';
import { programEnvironment } from './program-environment.ts';

/**
 * Makes the cluster in a folder beside `dataPath` and renames it when it is complete. So an interrupted attempt leaves
 * nothing that looks like a database, and a folder with content is never overwritten.
 */
export function createCluster(options: {
  binaries: Binaries;
  dataPath: string;
  password: string;
  user: ServiceUser | undefined;
}): void {
  const { binaries, dataPath, password, user } = options;
  const unfinished = `${dataPath}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const passwordFile = `${dataPath}.password`;
  // Of an attempt that was interrupted. A file that is there in spite of it is not opened: somebody else may hold it open.
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600, flag: 'wx' });
  if (user) for (const path of [unfinished, passwordFile]) lchownSync(path, user.uid, user.gid);
  const flags = [
    '--auth=scram-sha-256',
    '--username=postgres',
    '--encoding=UTF8',
    '--locale=C',
    '--data-checksums',
  ];
  const created = spawnSync(
    binaries.initdb,
    [`--pgdata=${unfinished}`, `--pwfile=${passwordFile}`, ...flags],
    {
      ...user,
      env: programEnvironment(),
      encoding: 'utf8',
    },
  );
  rmSync(passwordFile, { force: true });
  if (created.status !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new AuditError('unavailable', {
      operatorText: `initdb failed: ${created.stderr || created.error?.message}`,
    });
  }
  try {
    renameSync(unfinished, dataPath);
  } catch (cause) {
    throw new AuditError('unsafe_database', {
      operatorText: `${dataPath} is there but is no PostgreSQL data directory: move it away or put the database back`,
      cause,
    });
  }
}
