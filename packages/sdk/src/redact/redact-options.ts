/** Redaction that a host adds to the built-in one. Never make these options from a user's input. */
export interface RedactOptions {
  /** Further names whose values are secret, in any spelling (`employee_code` also means `employeeCode`). */
  readonly names?: readonly string[];
  /** Names, of headers too, that are kept although they look secret. Their values are still searched for secrets. */
  readonly allow?: readonly string[];
  /** Fields to redact whole: `attributes.customer.phone`; `*` stands for any one key or position. */
  readonly paths?: readonly string[];
  /**
   * Gets each text, number and boolean with its path (`changes[0].after`) before the built-in rules, and returns what to keep:
   * the value itself, another such value, null, or undefined to leave it out. When it throws or returns anything else, the
   * value is left out. A field that an event needs becomes `[redacted]` instead.
   */
  readonly custom?: (path: string, value: string | number | boolean) => unknown;
}
