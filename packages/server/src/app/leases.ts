import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tenants } from '../access/index.ts';
import { releaseLeases } from '../projections/index.ts';
import type { Database } from '../storage/index.ts';

/** Who this process is in the leases of followers. */
export interface Leases {
  holder: string;
  /** At the end: whoever comes next need not wait until the leases are over. */
  release(): Promise<void>;
}

/**
 * A new name for each process, also written to the data directory, which is this process's alone: what its predecessor held
 * when it was killed is free at once.
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
