/**
 * The oldest version that works: `node:crypto` has argon2id for passwords since then. Older versions also run no
 * TypeScript configuration.
 */
const oldest = { major: 24, minor: 7 };

/** Why this version of Node.js cannot run the command; undefined when it can. */
export function nodeRefusal(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return undefined;
  return `needs Node.js ${oldest.major}.${oldest.minor} or newer; this is ${version}`;
}
