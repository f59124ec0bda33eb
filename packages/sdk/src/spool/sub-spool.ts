import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isAbandoned, ownerPath, writeOwner } from './spool-owner.ts';

/** The directory of one instance within the spool's directory: `<instance>`, or `<instance>.<adopter>`. */
export interface SubSpool {
  readonly path: string;
  readonly instance: string;
  readonly tenant: string | undefined;
  /** Of the directory itself: another one at the same path is not ours. */
  readonly inode: number;
}

const namePattern = /^([A-Za-z0-9_-]{22})(?:\.[A-Za-z0-9_-]{22})?$/;
const [tenantFile, closedFile] = ['tenant', 'closed'];

/** Makes a sub-spool that has its owner from the first moment it is seen. Throws what the file system says. */
export function createSubSpool(base: string, instance: string, tenant: string | undefined): SubSpool {
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const building = join(base, `.${instance}`);
  const path = join(base, instance);
  mkdirSync(building, { recursive: true, mode: 0o700 });
  writeOwner(building);
  if (tenant !== undefined) writeFileSync(join(building, tenantFile), tenant, { mode: 0o600 });
  renameSync(building, path);
  syncDirectory(base);
  return { path, instance, tenant, inode: statSync(path).ino };
}

/**
 * Takes over a sub-spool whose owner is gone; undefined when another was faster. The move comes before the reading: an
 * owner that was only asleep notices it before it confirms anything more.
 */
export function claimSubSpool(base: string, name: string, adopter: string): SubSpool | undefined {
  const instance = namePattern.exec(name)?.[1];
  if (instance === undefined) return undefined;
  const path = join(base, `${instance}.${adopter}`);
  try {
    renameSync(join(base, name), path);
    writeOwner(path);
    return { path, instance, tenant: readText(join(path, tenantFile)), inode: statSync(path).ino };
  } catch {
    return undefined;
  }
}

export function isSubSpoolName(name: string): boolean {
  return namePattern.test(name);
}

/** Removes a directory whose maker was killed before it was a sub-spool: no event was in it. */
export function removeUnfinished(base: string, name: string): void {
  const path = join(base, name);
  if (name.startsWith('.') && namePattern.test(name.slice(1)) && isAbandoned(path))
    rmSync(path, { recursive: true, force: true });
}

/** Leaves it to whoever comes next. `report`: what its instance said when it closed; undefined: it did not. */
export function releaseSubSpool({ path }: SubSpool, report: object | undefined): void {
  if (report !== undefined) writeFileSync(join(path, closedFile), JSON.stringify(report), { mode: 0o600 });
  rmSync(ownerPath(path), { force: true });
}

/** What its instance said when it closed. */
export function closingReport({ path }: SubSpool): object | undefined {
  try {
    const report: unknown = JSON.parse(readFileSync(join(path, closedFile), 'utf8'));
    return typeof report === 'object' && report !== null ? report : undefined;
  } catch {
    return undefined;
  }
}

export function removeSubSpool({ path }: SubSpool): void {
  rmSync(path, { recursive: true, force: true });
}

/** A new name in a directory is only safe once the directory is. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
