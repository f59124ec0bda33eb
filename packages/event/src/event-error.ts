/** What this package throws: misuse by our own code or by a pack's author, never a caller's bad event. */
export const eventErrors = Object.freeze({
  not_canonical: 'the value has no canonical JSON form',
  invalid_declaration: 'the declaration of personal fields is wrong',
  no_commitment: 'an entry needs at least one commitment',
  entry_too_large: 'the entry is larger than 65,535 bytes',
  invalid_entry: 'the text is not an entry',
  invalid_salt: 'a salt is 16 bytes',
});

export type EventErrorCode = keyof typeof eventErrors;

/** An error with a code from `eventErrors`. */
export class EventError extends Error {
  readonly code: EventErrorCode;

  constructor(code: EventErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail === undefined ? eventErrors[code] : `${eventErrors[code]}: ${detail}`, options);
    this.name = 'EventError';
    this.code = code;
  }
}
