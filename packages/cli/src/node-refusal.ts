/** Passwords are argon2id, which `node:crypto` has from here on; older ones run no TypeScript configuration either. */
const oldest = { major: 24, minor: 7 };

/** Why this version of Node.js cannot run the command; undefined when it can. */
export function nodeRefusal(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return undefined;
  return `needs Node.js ${oldest.major}.${oldest.minor} or newer; this is ${version}`;
}
