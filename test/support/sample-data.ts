import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const folder = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** The path of a file of real data. Undefined, with a message, when the machine does not have it. */
export function sampleFile(name: string): string | undefined {
  if (existsSync(folder + name)) return folder + name;
  process.stdout.write(`skipped: no ../shared/data/${name}\n`);
  return undefined;
}

/** The lines of a gzip file without its last line end. */
export function sampleLines(path: string): string[] {
  return gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split(/\r?\n/);
}

/** The rows of a CSV file without quotation marks, as these files are; empty values are ''. */
export function sampleRows(path: string): Map<string, string>[] {
  const [head = '', ...lines] = sampleLines(path);
  if (head.includes('"') || lines.some((line) => line.includes('"')))
    throw new Error('this reader knows no quotes');
  const columns = head.split(',');
  return lines.map(
    (line) => new Map(line.split(',').map((value, position) => [columns[position] ?? '', value])),
  );
}
