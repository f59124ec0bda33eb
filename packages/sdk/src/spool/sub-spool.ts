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
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { hasCode } from '../host/has-code.ts';
import { createSpoolCipher, type SpoolCipher } from './cipher.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import { isAbandoned, ownerPath, writeOwner } from './spool-owner.ts';
import { writeSynced } from './write-synced.ts';

/** The directory of one instance within the spool's directory: `<instance>`, or `<instance>.<adopter>`. */
export interface SubSpool {
  readonly path: string;
  readonly instance: string;
  readonly tenant: string | undefined;
  /** Of a spool that has a key. */
  readonly cipher: SpoolCipher | undefined;
  /** Of the directory itself: another directory at the same path is not ours. */
  readonly inode: number;
}

const namePattern = /^([A-Za-z0-9_-]{22})(?:\.[A-Za-z0-9_-]{22})?$/;
const tenantFile = 'tenant';
/** In every sub-spool with a key: it shows whether a key is the right one before anything is changed. */
const encryptedFile = 'tenant.encrypted';
const closedFile = 'closed';

/** Makes a sub-spool, which has its owner from the moment in which others can see it. Throws what the file system says. */
export function createSubSpool(
  base: string,
  { instance, tenant, cipher }: Pick<SubSpool, 'instance' | 'tenant' | 'cipher'>,
): SubSpool {
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const building = join(base, `.${instance}`);
  const path = join(base, instance);
  mkdirSync(building, { recursive: true, mode: 0o700 });
  writeOwner(building);
  if (cipher) {
    const json = JSON.stringify(tenant ?? null);
    writeSynced(join(building, encryptedFile), encodeFrame({ sequence: 0, json }, cipher), 'w');
  } else if (tenant !== undefined) writeSynced(join(building, tenantFile), Buffer.from(tenant), 'w');
  renameSync(building, path);
  syncDirectory(base);
  return { path, instance, tenant, cipher, inode: statSync(path).ino };
}

/**
 * Takes over a sub-spool whose owner has ended. Undefined when another process was faster; `locked` when `key` does not open
 * it, and then it stays as it is. It is moved before it is read, so that an owner that was only suspended notices this before
 * it confirms another event.
 */
export function claimSubSpool(
  base: string,
  name: string,
  { adopter, key }: { readonly adopter: string; readonly key: KeyObject | undefined },
): SubSpool | 'locked' | undefined {
  const instance = namePattern.exec(name)?.[1];
  if (instance === undefined) return undefined;
  const path = join(base, `${instance}.${adopter}`);
  try {
    const opened = openSubSpool(join(base, name), instance, key);
    if (opened === undefined) return 'locked';
    renameSync(join(base, name), path);
    writeOwner(path);
    return { path, instance, ...opened, inode: statSync(path).ino };
  } catch {
    return undefined;
  }
}

/** Undefined where another key is needed. Throws what the file system says. */
function openSubSpool(
  path: string,
  instance: string,
  key: KeyObject | undefined,
): Pick<SubSpool, 'tenant' | 'cipher'> | undefined {
  const encrypted = readIfThere(join(path, encryptedFile));
  if (!encrypted) return { tenant: readIfThere(join(path, tenantFile))?.toString(), cipher: undefined };
  const cipher = key && createSpoolCipher(key, instance);
  const framed = cipher && decodeFrame(encrypted, 0, cipher);
  if (typeof framed !== 'object') return undefined;
  const tenant: unknown = JSON.parse(framed.json);
  return { tenant: typeof tenant === 'string' ? tenant : undefined, cipher };
}

export function isSubSpoolName(name: string): boolean {
  return namePattern.test(name);
}

/** Removes a directory whose process was killed before it was a sub-spool; it holds no event. */
export function removeUnfinished(base: string, name: string): void {
  const path = join(base, name);
  if (name.startsWith('.') && namePattern.test(name.slice(1)) && isAbandoned(path))
    rmSync(path, { recursive: true, force: true });
}

/** Leaves a sub-spool to the next process. `report`: what its instance reported when it closed; undefined where it did not close. */
export function releaseSubSpool({ path }: SubSpool, report: object | undefined): void {
  if (report !== undefined) writeFileSync(join(path, closedFile), JSON.stringify(report), { mode: 0o600 });
  rmSync(ownerPath(path), { force: true });
}

/** The report of a sub-spool's instance when it closed; undefined when it did not close. */
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

/** A new name in a directory survives a crash only once the directory itself is synced. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw cause;
  }
}
