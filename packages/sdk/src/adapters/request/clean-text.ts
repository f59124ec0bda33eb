/**
 * Removes NUL and halves of surrogate pairs, because the server rejects an event that holds one: otherwise a request could
 * keep itself off the record with `?x=%00`.
 */
export function cleanText(text: string): string {
  return /[\0\ud800-\udfff]/.test(text) ? text.replaceAll('\0', '\ufffd').toWellFormed() : text;
}

/** Cuts a text to at most `lengthMaxChars`, between two words so that no secret is halved, and adds how long the text was. */
export function shortText(text: string, lengthMaxChars: number): string {
  if (text.length <= lengthMaxChars) return cleanText(text);
  const start = text.slice(0, lengthMaxChars);
  return `${cleanText(start.slice(0, start.search(/\S*$/)))}… [${text.length} characters]`;
}
