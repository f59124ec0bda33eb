const cardIn =
  /(?<![\w.+])(?:\d{13,19}|(?<!-)\d{4}([ .–-])\d{4}\1\d{4}\1\d{1,7}|(?<!-)\d{4}([ .-])\d{6}\2\d{4,5})(?![\w]|[.,]\d|-\d)/g;
/** First digits of Visa, Mastercard, American Express, Diners, Discover, JCB, UnionPay, Maestro and Mir, with their lengths. */
const cardForms =
  /^(?:4\d{12}(?:\d{3}){0,2}|(?:5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d{12}|220[0-4]\d{12,15}|3[47]\d{13}|3(?:0[0-5]|095|[689]\d)\d{11,16}|6(?:011|4[4-9]\d|5\d{2}|2\d{2})\d{12,15}|35(?:2[89]|[3-8]\d)\d{12,15}|(?:50|5[6-8]|6\d)\d{11,17})$/;

/** Replaces numbers of payment cards (ISO/IEC 7812, check digit by Luhn), in one piece or in groups. */
export function redactCards(text: string): string {
  return text.replace(cardIn, (digits) => (isCard(digits.replace(/\D/g, '')) ? '[redacted:card]' : digits));
}

/** Whether these digits can be the number of a payment card. */
export function isCard(digits: string): boolean {
  return cardForms.test(digits) && hasLuhnDigit(digits);
}

function hasLuhnDigit(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const value = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 1 ? value * 2 : value;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

const ibanIn = /(?<![A-Za-z\d])[A-Z]{2}\d{2}(?:[ -]?[A-Z\d]{4}){2,7}(?:[ -]?[A-Z\d]{1,4})?(?![A-Za-z\d])/gi;
const ibanLengthMinChars = 15;
const ibanLengthMaxChars = 34;

/** Replaces bank account numbers (ISO 13616, modulo 97), in one piece or in groups of four. */
export function redactIbans(text: string): string {
  return text.replace(ibanIn, (candidate) => {
    // Words may follow in groups of four letters too: the number is the longest beginning whose check digits are right.
    for (let end = candidate.length; end >= ibanLengthMinChars; end--) {
      if (end < candidate.length && !/[ -]/.test(candidate.charAt(end))) continue;
      if (isIban(candidate.slice(0, end))) return `[redacted:iban]${candidate.slice(end)}`;
    }
    return candidate;
  });
}

function isIban(candidate: string): boolean {
  const plain = candidate.replace(/[ -]/g, '').toUpperCase();
  if (plain.length < ibanLengthMinChars || plain.length > ibanLengthMaxChars) return false;
  let rest = 0;
  for (const sign of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
