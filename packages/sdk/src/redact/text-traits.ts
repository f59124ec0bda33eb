const digit = 1;
const lower = 2;
const upper = 4;
const joint = 8;
const separator = 16;
const space = 32;
const run = digit | lower | upper | joint;

const classOf = new Uint8Array(128);
for (let unit = 48; unit < 58; unit++) classOf[unit] = digit;
for (let unit = 65; unit < 91; unit++) classOf[unit] = upper;
for (let unit = 97; unit < 123; unit++) classOf[unit] = lower;
for (const sign of '+/_-.') classOf[sign.charCodeAt(0)] = joint;
for (const sign of ':=%>@') classOf[sign.charCodeAt(0)] = separator;
for (const sign of ' \t\n\r') classOf[sign.charCodeAt(0)] = space;

/** No assignment fits into less: `pin=123`. */
const secretLengthMinChars = 7;
const tokenRunMinChars = 16;
const encodedRunMinChars = 12;
const accountDigitsMin = 10;
const mixed = digit | lower | upper;
const spokenOf = /pass|pwd|p[ií]n|contrase|clave|senha|secret|token|key|bearer|парол|токен|otp|cvv/i;

/**
 * Whether a text could hold a secret: one look at each character instead of a regular expression, since nearly all
 * texts of an event are short words and ids that cannot.
 */
export function mayHoldSecret(text: string): boolean {
  const { length } = text;
  if (length < secretLengthMinChars) return false;
  let [seen, digits, current, longest] = [0, 0, 0, 0];
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    // Letters beyond ASCII end a run: no token has any.
    const kind = unit < 128 ? (classOf[unit] ?? 0) : 0;
    seen |= kind;
    digits += kind & digit;
    if ((kind & run) === 0) current = 0;
    else if (++current > longest) longest = current;
  }
  if ((seen & separator) !== 0 || digits >= accountDigitsMin) return !isUuid(text);
  if (longest >= tokenRunMinChars) return !isUuid(text);
  if (longest >= encodedRunMinChars && (seen & mixed) === mixed) return true;
  return (seen & space) !== 0 && spokenOf.test(text);
}

function isUuid(text: string): boolean {
  return text.length === 36 && /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}
