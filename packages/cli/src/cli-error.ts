/** Wrong usage, or something that cannot be done. The exit code is 2, and the user sees only the message. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
