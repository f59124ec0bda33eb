/** Wrong usage, or something that cannot be done: exit code 2. The message is all that the user sees. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
