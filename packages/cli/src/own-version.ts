import { readFileSync } from 'node:fs';

/** The version of this package, which all packages of a release share. */
export function ownVersion(): string {
  // One folder up from the sources as from what is built.
  const text: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  if (typeof text === 'object' && text !== null && 'version' in text) return String(text.version);
  throw new Error('package.json has no version');
}
