import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tenants } from '../access/index.ts';
import { releaseLeases } from '../projections/index.ts';
import type { Database } from '../storage/index.ts';

/** The name of this process in the leases of followers. */
export interface Leases {
  holder: string;
  /** Ends all leases when the process stops, so that the next process need not wait until they expire. */
  release(): Promise<void>;
}

/**
 * Makes a new name for this process and writes it to the data directory, which only this process uses. So the leases of a
 * predecessor that was killed are released at once.
 */
export async function openLeases(options: {
  database: Database;
  tenants: Tenants;
  /** The data directory. */
  path: string;
}): Promise<Leases> {
  const { database, tenants } = options;
  const file = join(options.path, 'lease-holder');
  const release = async (holder: string): Promise<void> =>
    releaseLeases(await tenants.allLedgers(), { database, holder });
  const predecessor = await readFile(file, 'utf8').catch(() => undefined);
  if (predecessor !== undefined) await release(predecessor.trim());
  const holder = randomUUID();
  await writeFile(file, `${holder}\n`);
  return { holder, release: () => release(holder).catch(() => undefined) };
}
