import { normaliseTime } from '@bitacora/event';
import { IANAZone } from 'luxon';
import { RowError } from './row-error.ts';

const months = 'january february march april may june july august september october november december'.split(
  ' ',
);

/** Token → the pattern that it matches. `M`, `d`, `H`, `m`, `s` take one or two digits, doubled ones exactly two. */
const tokens: Readonly<Record<string, string>> = {
  yyyy: '(?<year>\\d{4})',
  MMMM: `(?<monthName>${months.join('|')})`,
  MMM: `(?<monthShort>${months.map((name) => name.slice(0, 3)).join('|')})`,
  MM: '(?<month>\\d\\d)',
  M: '(?<month>\\d\\d?)',
  dd: '(?<day>\\d\\d)',
  d: '(?<day>\\d\\d?)',
  HH: '(?<hour>\\d\\d)',
  H: '(?<hour>\\d\\d?)',
  mm: '(?<minute>\\d\\d)',
  m: '(?<minute>\\d\\d?)',
  ss: '(?<second>\\d\\d)',
  s: '(?<second>\\d\\d?)',
  SSS: '(?<millis>\\d{3})',
};

/**
 * A reader of times in one format, such as `d/M/yyyy HH:mm`, in an IANA zone: text → Unix milliseconds. Parts that the
 * format lacks are zero (a bare date is its midnight). `rfc3339` reads RFC 3339 with its own offset. The reader throws
 * `RowError` for a text that is no such time; the format itself is checked here (RangeError).
 */
export function createDateReader(format: string, zone: string): (text: string) => number {
  if (format === 'rfc3339') return readRfc3339;
  const source = format.replaceAll(/yyyy|M{1,4}|d{1,2}|H{1,2}|m{1,2}|SSS|s{1,2}|'[^']*'|[^]/g, (part) => {
    if (part.length > 1 && part.startsWith("'")) return escape(part.slice(1, -1));
    const token = tokens[part];
    if (token === undefined && /[a-z]/i.test(part))
      throw new RangeError(`date format ${format}: unknown ${part}`);
    return token ?? escape(part);
  });
  const pattern = new RegExp(`^${source}$`, 'i');
  if (!IANAZone.isValidZone(zone)) throw new RangeError(`there is no time zone ${zone}`);
  const ianaZone = IANAZone.create(zone);
  const offsetMs = (timeMs: number): number => ianaZone.offset(timeMs) * minuteMs;
  return (text) => {
    const parts = pattern.exec(text)?.groups;
    const localMs = parts === undefined ? undefined : localMsOf(parts);
    if (localMs === undefined) throw new RowError(`not a time of the form ${format}: ${text.slice(0, 60)}`);
    // The offset at the local time read as UTC gives a first guess. The offset at that guess is right, also around a
    // change of clocks.
    const guess = localMs - offsetMs(localMs);
    return localMs - offsetMs(guess);
  };
}

const minuteMs = 60_000;

function localMsOf(parts: Record<string, string | undefined>): number | undefined {
  const { year, month, monthName, monthShort, day = '1', hour = '0', minute = '0', second = '0' } = parts;
  const named = (monthName ?? monthShort)?.slice(0, 3).toLowerCase();
  const monthNumber =
    named === undefined ? Number(month ?? '1') : months.findIndex((name) => name.startsWith(named)) + 1;
  const two = (value: string | number): string => String(value).padStart(2, '0');
  const date = `${year}-${two(monthNumber)}-${two(day)}`;
  const time = `${two(hour)}:${two(minute)}:${two(second)}.${parts['millis'] ?? '000'}`;
  const utc = normaliseTime(`${date}T${time}Z`);
  return utc === undefined ? undefined : Date.parse(utc);
}

function readRfc3339(text: string): number {
  const utc = normaliseTime(text);
  if (utc === undefined) throw new RowError(`not an RFC 3339 time: ${text.slice(0, 60)}`);
  return Date.parse(utc);
}

function escape(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
