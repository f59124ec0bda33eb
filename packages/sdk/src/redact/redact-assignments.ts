import { assignedValue, type AssignedValue } from './assigned-value.ts';
import type { NameVerdicts } from './name-verdicts.ts';

const nameLengthMaxChars = 64;
const decorationMaxChars = 6;
const nameWordsMax = 4;
const wholeLine = /(?:authorization|cookie)$/i;
const queryOnly = /^(?:sig|signature|x-amz-signature|x-amz-credential|x-goog-signature|hmac|auth|sid|hash)$/i;
const queryIfLong = /^(?:code|key|state|nonce|ticket|assertion|samlresponse|samlrequest)$/i;
const longMinChars = 16;

/** Redacts the values of secret names wherever a text assigns them: `password=…`, `"token": "…"`, `<pin>…</pin>`. */
export function redactAssignments(text: string, verdicts: NameVerdicts): string {
  let result = '';
  let copied = 0;
  for (let i = 0; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    if (sign !== 58 && sign !== 61 && sign !== 62) continue;
    const value = secretAt(text, i, verdicts);
    if (value === undefined || value.from < copied) continue;
    result += `${text.slice(copied, value.from)}[redacted]`;
    copied = value.to;
    i = Math.max(i, value.to - 1);
  }
  return copied === 0 ? text : result + text.slice(copied);
}

function secretAt(text: string, at: number, verdicts: NameVerdicts): AssignedValue | undefined {
  const name = nameBefore(text, at);
  if (name === undefined) return undefined;
  const inMarkup = text[at] === '>';
  if (inMarkup && text[name.from - 1] !== '<') return undefined;
  const word = text.slice(name.from, name.to);
  const inQuery = /[?&#]/.test(text[name.from - 1] ?? '') && text[at] === '=';
  const long = inQuery && queryIfLong.test(word);
  const verdict = verdictOf(text, name, verdicts);
  if (verdict === 'ordinary' && !long && !(inQuery && queryOnly.test(word))) return undefined;
  // `=>`, `==` and `:=` are one separator.
  const behind = at + (text[at] !== ':' && /[=>]/.test(text[at + 1] ?? '') && !inMarkup ? 2 : 1);
  if (text[at] === ':' && text[behind] === '=') return undefined;
  const value = assignedValue(text, behind, text[at] === ':' && wholeLine.test(word));
  if (value === undefined) return undefined;
  const written = text.slice(value.from, value.to);
  if (verdict === 'countable' && /^[\d.,]+$/.test(written)) return undefined;
  if (verdict === 'ordinary' && long && written.length < longMinChars) return undefined;
  return value;
}

function verdictOf(
  text: string,
  name: AssignedValue,
  verdicts: NameVerdicts,
): 'ordinary' | 'secret' | 'countable' {
  const alone = verdicts(text.slice(name.from, name.to));
  if (alone === 'secret' || alone === 'countable')
    return hasOtherMeaning(text, name, verdicts) ? 'ordinary' : alone;
  // "API key: …", "one-time code: …": names in prose have blanks, and only all their words together are judged.
  let { from } = name;
  for (let words = 2; words <= nameWordsMax && text[from - 1] === ' '; words++) {
    const before = wordBefore(text, from - 1);
    if (before === from - 1) break;
    from = before;
    const phrase = text.slice(from, name.to);
    const verdict = phrase.length <= nameLengthMaxChars ? verdicts(phrase.replaceAll(' ', '_')) : 'ordinary';
    // A phrase that is secret without its last word says nothing about what follows the last word.
    if (
      verdict === 'secret' &&
      verdicts(phrase.slice(0, phrase.lastIndexOf(' ')).replaceAll(' ', '_')) === 'ordinary'
    )
      return verdict;
  }
  return 'ordinary';
}

/** "Palabra clave: …": with the word before it, a name may mean something else than a secret. */
function hasOtherMeaning(text: string, name: AssignedValue, verdicts: NameVerdicts): boolean {
  if (text[name.from - 1] !== ' ') return false;
  const before = wordBefore(text, name.from - 1);
  return before < name.from - 1 && verdicts(text.slice(before, name.to).replace(' ', '_')) === 'ordinary';
}

/** The name that ends before `at`; blanks, quotes and brackets between them are skipped. */
function nameBefore(text: string, at: number): AssignedValue | undefined {
  let to = at;
  const first = Math.max(0, at - decorationMaxChars);
  while (to > first && /[\s"'`\\)\]]/.test(text[to - 1] ?? '')) to--;
  const from = wordBefore(text, to);
  return from === to ? undefined : { from, to };
}

function wordBefore(text: string, to: number): number {
  let from = to;
  const first = Math.max(0, to - nameLengthMaxChars);
  while (from > first && isNameUnit(text.charCodeAt(from - 1))) from--;
  return from;
}

function isNameUnit(unit: number): boolean {
  return (
    (unit >= 97 && unit <= 122) ||
    (unit >= 65 && unit <= 90) ||
    (unit >= 48 && unit <= 57) ||
    unit === 95 ||
    unit === 45 ||
    unit === 46 ||
    unit > 191
  );
}
