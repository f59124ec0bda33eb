import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { CliError } from '../cli-error.ts';
import { compileEvent, type EventTemplate } from './event-template.ts';
import { createMapScope } from './map-scope.ts';
import { isMapping } from './mapping.ts';

/** The compiled map that turns a file's rows into events. */
export interface ImportMap {
  readonly name: string;
  /** The author raises it when the same rows must become other events. */
  readonly version: string;
  readonly format: 'csv' | 'json' | 'ndjson' | undefined;
  readonly delimiter: string;
  readonly events: readonly EventTemplate[];
  /** The columns that a CSV must have. */
  readonly columns: ReadonlySet<string>;
}

/** Reads and compiles a map. Throws `CliError` that names the place in it. */
export async function readImportMap(file: string): Promise<ImportMap> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CliError(
      `cannot read the map ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  return compileImportMap(text, basename(file));
}

/** Compiles the text of a map; `file` is its name in errors. */
export function compileImportMap(text: string, file: string): ImportMap {
  let spec: unknown;
  try {
    spec = parse(text);
  } catch (error) {
    throw new CliError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isMapping(spec)) throw new CliError(`${file}: a mapping is needed`);
  const { name, version, format, delimiter = ',', zone = 'UTC', nulls = [''], events } = spec;
  if (!Array.isArray(nulls)) throw new CliError(`${file}: nulls: a list of texts is needed`);
  const scope = createMapScope({ file, zone: String(zone), nulls: nulls.map(String) });
  scope.only(spec, ['name', 'version', 'format', 'delimiter', 'zone', 'nulls', 'events'], 'map');
  if (typeof name !== 'string' || (typeof version !== 'string' && typeof version !== 'number'))
    throw scope.error('map', 'name and version are needed');
  if (format !== undefined && format !== 'csv' && format !== 'json' && format !== 'ndjson') {
    throw scope.error('format', 'csv, json or ndjson');
  }
  if (!Array.isArray(events) || events.length === 0) throw scope.error('events', 'a list is needed');
  return {
    name,
    version: String(version),
    format,
    delimiter: String(delimiter),
    events: events.map((event, i) => compileEvent(event, `events[${i}]`, scope)),
    columns: scope.columns,
  };
}
