/** A pack declaration that is not valid; it lists all problems at once. */
export class PackError extends Error {
  readonly code = 'invalid_pack';
  readonly problems: readonly string[];

  constructor(name: string, problems: readonly string[]) {
    super(`pack ${name}:\n${problems.map((problem) => `- ${problem}`).join('\n')}`);
    this.name = 'PackError';
    this.problems = problems;
  }
}
