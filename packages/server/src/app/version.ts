import { readFileSync } from 'node:fs';

/** The version in the package.json of this package. */
export const version: string = packageVersion();

function packageVersion(): string {
  const text: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof text === 'object' && text !== null && 'version' in text ? String(text.version) : '0.0.0';
}
