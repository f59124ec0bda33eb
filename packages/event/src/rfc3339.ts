const NORMAL = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z$/;
const ANY = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Turns RFC 3339 with any offset into UTC milliseconds, `2026-03-01T10:00:00.000Z`, years 0001 to 9999. Digits below the
 * millisecond are dropped; a leap second becomes the last millisecond before it. Undefined when the text is no such time.
 */
export function normaliseTime(text: string): string | undefined {
  const normal = text.length === 24 && NORMAL.test(text);
  const parts = normal ? undefined : ANY.exec(text);
  if (!normal && parts === null) return undefined;
  const year = Number(text.slice(0, 4));
  const second = Number(text.slice(17, 19));
  const valid =
    isDate(year, Number(text.slice(5, 7)), Number(text.slice(8, 10))) &&
    isClock(Number(text.slice(11, 13)), Number(text.slice(14, 16)), second);
  if (!valid) return undefined;
  if (normal && second < 60) return year > 0 ? text : undefined;
  return toUtc(text, parts ?? []);
}

function toUtc(text: string, parts: readonly (string | undefined)[]): string | undefined {
  const [, , , , , , , fraction, sign, hours = '0', minutes = '0'] = parts;
  const leap = text.slice(17, 19) === '60';
  const millis = leap ? '999' : (fraction ?? text.slice(20, 23)).slice(0, 3).padEnd(3, '0');
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const local = `${text.slice(0, 10)}T${text.slice(11, 17)}${leap ? '59' : text.slice(17, 19)}`;
  const time = Date.parse(`${local}.${/^\d{3}$/.test(millis) ? millis : '000'}Z`) - offset * 60_000;
  const utc = new Date(time).toISOString();
  if (utc.length !== 24 || utc.startsWith('0000')) return undefined;
  return !leap || utc.slice(11, 19) === '23:59:59' ? utc : undefined;
}

function isDate(year: number, month: number, day: number): boolean {
  const leapDay = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  return month >= 1 && month <= 12 && day >= 1 && day <= (MONTH_DAYS[month - 1] ?? 0) + leapDay;
}

function isClock(hour: number, minute: number, second: number): boolean {
  return hour <= 23 && minute <= 59 && (second <= 59 || second === 60);
}
