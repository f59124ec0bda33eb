// One number for each character: the lower 26 bits say which letter it is, the bits above what else it is.
const digit = 1 << 26;
const upper = 1 << 27;
const separator = 1 << 28;
const space = 1 << 29;
const joint = 1 << 30;
const quote = 1 << 31;
const letters = digit - 1;
const inRun = letters | digit | joint;

const kindOf = new Int32Array(128);
for (let unit = 48; unit < 58; unit++) kindOf[unit] = digit;
for (let letter = 0; letter < 26; letter++) {
  kindOf[65 + letter] = (1 << letter) | upper;
  kindOf[97 + letter] = 1 << letter;
}
for (const sign of '+/_-.') kindOf[sign.charCodeAt(0)] = joint;
for (const sign of ':=%>@') kindOf[sign.charCodeAt(0)] = separator;
for (const sign of ' \t\n\r') kindOf[sign.charCodeAt(0)] = space;
for (const sign of '"\'`') kindOf[sign.charCodeAt(0)] = quote;

/** The shortest assignment is `pin=123`. */
const secretLengthMinChars = 7;
const tokenRunMinChars = 16;
const encodedRunMinChars = 12;
const accountDigitsMin = 10;
const spokenValueMinChars = 4;
const schemeValueMinChars = 8;

const spokenLetters = ['pas', 'pwd', 'secret', 'token', 'key', 'clave', 'senha'].map(lettersOf);
const shortLetters = ['pin', 'otp', 'cv'].map(lettersOf);
const schemeLetters = ['bear', 'basic', 'dige', 'neg'].map(lettersOf);
/** Ten digits with no letter between them, which every account number has. */
const accountOf = /\d(?:[^\p{L}\d]{0,3}\d){9}/u;
const spokenOf =
  /pass|pwd|\bpin\b|contrase|clave|senha|secret|token|key|bearer|basic|digest|negotiate|парол|otp\b|cv[cv]\b/i;

/**
 * Whether a text could hold a secret. This reads each character once instead of running the regular expressions, because
 * nearly all texts of an event are short words and ids, which hold none.
 */
export function mayHoldSecret(text: string): boolean {
  const { length } = text;
  if (length < secretLengthMinChars) return false;
  let seen = 0;
  let digits = 0;
  let start = 0;
  let longest = 0;
  let isForeign = false;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    // A letter beyond ASCII ends a run, because no token has one.
    const kind = unit < 128 ? (kindOf[unit] ?? 0) : 0;
    seen |= kind;
    if ((kind & inRun) === 0) {
      if (i - start > longest) longest = i - start;
      start = i + 1;
      if (unit > 127) isForeign = true;
    } else if (kind === digit) digits += 1;
  }
  if (length - start > longest) longest = length - start;
  if ((seen & separator) !== 0) return true;
  const isUpper = (seen & upper) !== 0;
  if (longest >= tokenRunMinChars && (digits > 0 || isUpper)) return !isUuid(text);
  if (longest >= encodedRunMinChars && digits > 0 && isUpper) return true;
  if (digits >= accountDigitsMin && accountOf.test(text)) return true;
  if ((seen & space) === 0 || longest < spokenValueMinChars) return false;
  if (digits === 0 && (seen & (quote | joint)) === 0) return false;
  return (isForeign || maySpeak(seen, { digits, longest })) && spokenOf.test(text);
}

/** Whether the letters that occur could spell one of the names that `redactSpoken` knows. */
function maySpeak(seen: number, { digits, longest }: { digits: number; longest: number }): boolean {
  for (const spelled of spokenLetters) if ((seen & spelled) === spelled) return true;
  if (digits >= spokenValueMinChars - 1)
    for (const spelled of shortLetters) if ((seen & spelled) === spelled) return true;
  if (longest >= schemeValueMinChars)
    for (const spelled of schemeLetters) if ((seen & spelled) === spelled) return true;
  return false;
}

function lettersOf(word: string): number {
  let spelled = 0;
  for (const letter of word) spelled |= 1 << (letter.charCodeAt(0) - 97);
  return spelled;
}

function isUuid(text: string): boolean {
  return text.length === 36 && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}
