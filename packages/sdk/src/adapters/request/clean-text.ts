/**
 * Text that every event takes: no NUL, no half of a surrogate pair. An event with one is refused, and then a request could
 * keep itself off the record with `?x=%00`.
 */
export function cleanText(text: string): string {
  return /[\0\ud800-\udfff]/.test(text) ? text.replaceAll('\0', '\ufffd').toWellFormed() : text;
}

/** At most `lengthMaxChars`, ended between two words, so that no secret is halved; says how long it was. */
export function shortText(text: string, lengthMaxChars: number): string {
  if (text.length <= lengthMaxChars) return cleanText(text);
  const start = text.slice(0, lengthMaxChars);
  return `${cleanText(start.slice(0, start.search(/\S*$/)))}… [${text.length} characters]`;
}
