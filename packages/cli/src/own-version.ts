import { readFileSync } from 'node:fs';

/** The version of this package, which all packages of a release share. */
export function ownVersion(): string {
  // package.json is one folder up, both from the sources and from the built files.
  const text: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  if (typeof text === 'object' && text !== null && 'version' in text) return String(text.version);
  throw new Error('package.json has no version');
}
