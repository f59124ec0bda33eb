import { readFile } from 'node:fs/promises';
import { CliError } from '../cli-error.ts';

/**
 * Reads the API key of each tenant from a JSON object in a file, because everybody on the machine can see the keys on a
 * command line. Throws `CliError` for any other content.
 */
export async function readTenantKeys(path: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CliError(`--tenant-keys: ${error instanceof Error ? error.message : String(error)}`);
  });
  const keys = new Map<string, string>();
  for (const [tenant, key] of Object.entries(parsed(text, path))) {
    if (typeof key !== 'string' || key === '')
      throw new CliError(`--tenant-keys: ${path}: the key of ${tenant} must be a text that is not empty`);
    keys.set(tenant, key);
  }
  return keys;
}

function parsed(text: string, path: string): object {
  try {
    const keys: unknown = JSON.parse(text);
    if (typeof keys === 'object' && keys !== null && !Array.isArray(keys)) return keys;
  } catch {
    // The error is thrown below without the message of the parser, which would show a part of the keys.
  }
  throw new CliError(`--tenant-keys: ${path} is not a JSON object of tenants and keys`);
}
