import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError } from '../cli-error.ts';
import type { ImportMap } from './import-map.ts';
import { readCsv } from './read-csv.ts';
import { readJson } from './read-json.ts';
import { readNdjson } from './read-ndjson.ts';
import type { ReadRow } from './row.ts';
import { textPieces } from './text-pieces.ts';

/** A file's rows in order, and how many of its `bytes` (as stored) were read so far. */
export interface RowFile {
  readonly bytes: number;
  bytesRead(): number;
  readonly rows: AsyncIterable<ReadRow>;
}

/**
 * Opens a CSV, JSON array or NDJSON file, plain or `.gz`. The format of the map counts before that of the name. Throws
 * `CliError` when it cannot open the file.
 */
export async function openRows(file: string, map: ImportMap): Promise<RowFile> {
  const info = await stat(file).catch(() => undefined);
  if (info?.isFile() !== true) throw new CliError(`no such file: ${file}`);
  const zipped = file.endsWith('.gz');
  const format = map.format ?? formatOf(zipped ? file.slice(0, -3) : file);
  // A .gz file is read in small steps, because each grows about twentyfold and the progress would run far ahead.
  const source = createReadStream(file, { highWaterMark: zipped ? 16_384 : 65_536 });
  const plain: AsyncIterable<Buffer> = zipped ? pipeline(source, createGunzip(), () => undefined) : source;
  const pieces = textPieces(plain);
  return {
    bytes: info.size,
    bytesRead: () => source.bytesRead,
    rows: format === 'csv' ? readCsv(pieces, map) : format === 'json' ? readJson(pieces) : readNdjson(pieces),
  };
}

function formatOf(name: string): 'csv' | 'json' | 'ndjson' {
  if (name.endsWith('.csv')) return 'csv';
  if (name.endsWith('.json')) return 'json';
  if (name.endsWith('.ndjson') || name.endsWith('.jsonl')) return 'ndjson';
  throw new CliError(`${name}: neither .csv, .json nor .ndjson: name the format in the map`);
}
