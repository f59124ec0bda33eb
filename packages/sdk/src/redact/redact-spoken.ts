const names =
  'password|passwd|passphrase|passcode|pwd|contraseña|contrasena|clave|senha|парол\\p{L}+|secret|token|otp|pin|cvv|cvc|api[ _-]?key|secret key|access key|private key';
const spoken = new RegExp(
  `(?<=(?<![\\p{L}\\d_])(--?[\\w-]*)?(?:${names})\\s+(?:(?:is|was|es|era|это|=)\\s+)?)(["'\`«])?([^\\s"'\`»]{4,})`,
  'giu',
);
const scheme = /(?<=\b(bearer|basic|token|negotiate|apikey|digest)\s+)[\w.~+/=-]{8,}/gi;
// Dates, amounts and counts may follow the name of a secret in a sentence.
const harmless =
  /^(?:\d{4}-\d{2}-\d{2}.*|\d+(?:st|nd|rd|th|%|x|ms|s|h|d)|v?\d+(?:\.\d+)+|\[redacted.*)[.,;:)]*$/i;

/**
 * Redacts the value after the name of a secret in prose and command lines: `--token abc`, `the password is hunter2`, `PASSWORD
 * 'x'`.
 */
export function redactSpoken(text: string): string {
  return text.replace(
    spoken,
    (value: string, flag: string | undefined, quote: string | undefined, word: string) => {
      const isOption = flag !== undefined && !word.startsWith('-');
      const looksSecret = /\d/.test(word) || quote !== undefined;
      return (isOption || looksSecret) && !harmless.test(word) ? `${quote ?? ''}[redacted]` : value;
    },
  );
}

/** Redacts credentials behind their scheme: `Bearer …`, `Basic …`. Words of a sentence ("basic authentication") are kept. */
export function redactSchemes(text: string): string {
  return text.replace(scheme, (value: string, name: string) => {
    const isSecret =
      name.toLowerCase() === 'basic'
        ? isUserAndPassword(value)
        : /[\d=]/.test(value) || /[a-z][A-Z]/.test(value);
    return isSecret ? '[redacted:credentials]' : value;
  });
}

function isUserAndPassword(value: string): boolean {
  return /^[\x20-\x7e\u00a0-\uffff]*:[\x20-\x7e\u00a0-\uffff]*$/.test(
    Buffer.from(value, 'base64').toString('utf8'),
  );
}
