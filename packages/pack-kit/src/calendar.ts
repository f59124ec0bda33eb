import { DateTime } from 'luxon';

/** The day that is `days` days after another; before it when `days` is negative. Days are texts like `2026-03-31`. */
export function addDays(day: string, days: number): string {
  return isoDate(DateTime.fromISO(day, { zone: 'utc' }).plus({ days }));
}

/** The day of a moment in an IANA zone: `2026-03-31`. The moment is RFC 3339, or milliseconds since 1970. */
export function dayIn(zone: string, moment: string | number): string {
  const time = typeof moment === 'number' ? DateTime.fromMillis(moment) : DateTime.fromISO(moment);
  return isoDate(time.setZone(zone));
}

function isoDate(time: DateTime): string {
  const text = time.toISODate();
  if (text === null) throw new RangeError(`not a day: ${time.invalidExplanation ?? ''}`);
  return text;
}
