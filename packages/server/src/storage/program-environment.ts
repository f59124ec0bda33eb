/** What a program needs to find its parts and to know the zone of this machine. */
const passed = ['PATH', 'TZ', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'SystemRoot', 'TEMP', 'TMP'];

/**
 * The environment of the programs of PostgreSQL. They get nothing else of the server's own: it holds keys and passwords, and
 * whoever can read the memory or the environment of PostgreSQL should not get these as well.
 */
export function programEnvironment(): Record<string, string> {
  const environment: Record<string, string> = { LC_ALL: 'C' };
  for (const name of passed) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
