import { readFile } from 'node:fs/promises';
import { CliError } from '../cli-error.ts';

/** Tenant → API key, as a JSON object in a file: keys on the command line are seen by everybody on the machine. `CliError` for anything else. */
export async function readTenantKeys(path: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(`--tenant-keys: ${error instanceof Error ? error.message : String(error)}`);
  });
  const keys = new Map<string, string>();
  for (const [tenant, key] of Object.entries(parsed(text, path))) {
    if (typeof key !== 'string' || key === '')
      throw new CliError(`--tenant-keys: ${path}: the key of ${tenant} is not a text`);
    keys.set(tenant, key);
  }
  return keys;
}

function parsed(text: string, path: string): object {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found;
  } catch {
    // Said below: what the parser says would repeat a part of the keys.
  }
  throw new CliError(`--tenant-keys: ${path} is not a JSON object of tenants and keys`);
}
