import { createTileReader, equalBytes, rootFromTiles } from '@bitacora/tlog';
import type { Database } from '../storage/index.ts';
import type { CheckpointFile } from './checkpoints.ts';
import type { LedgerRow } from './sealed-event.ts';
import { sha256 } from './sha256.ts';
import { tileHashes } from './tiles.ts';

/**
 * Compares the database with the newest checkpoint in the file outside it. Returns what is wrong when the database holds
 * fewer entries or other ones, else undefined. A ledger with a problem signs nothing more, because a new checkpoint would
 * contradict the published one.
 */
export async function findRollback(options: {
  ledger: LedgerRow;
  database: Database;
  file: CheckpointFile;
}): Promise<string | undefined> {
  const { ledger } = options;
  const last = await options.file.last(ledger.name);
  if (!last || last.size === 0) return undefined;
  return options.database.read({ tenant: ledger.tenant, ledgers: [ledger.id] }, async (client) => {
    const result = await client.query<{ size: number; integrated: number }>(
      `select h.size, coalesce((select cursor from projection p where p.name = 'tree' and p.ledger = h.ledger), 0) as integrated
       from head h where h.ledger = $1`,
      [ledger.id],
    );
    const row = result.rows[0];
    if (!row || row.integrated < last.size) {
      return `rollback detected in ledger ${ledger.name}: published size ${last.size}, found ${row?.integrated ?? 0}`;
    }
    const reader = createTileReader(async (tile) => tileHashes(client, ledger.id, tile), {
      size: last.size,
      sha: sha256,
    });
    const root = await rootFromTiles(last.size, reader, sha256).catch(() => undefined);
    if (root && equalBytes(root, last.root)) return undefined;
    const shown = (bytes: Uint8Array | undefined): string =>
      bytes ? Buffer.from(bytes).toString('base64') : 'none';
    return `rollback detected in ledger ${ledger.name}: at size ${last.size} the published root is ${shown(last.root)}, found ${shown(root)}`;
  });
}
