import { IANAZone } from 'luxon';
import { AuditError } from '../audit-error.ts';

/** Half-open range of milliseconds. */
export interface TimeRange {
  from: number;
  to: number;
}

const bareDate = /^(\d{4})-(\d{2})-(\d{2})$/;
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?$/;
const relative = /^now(?:-(\d{1,6})([smhdw]))?$/;
const unitMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * The moments that a text stands for. A bare date is the whole day in the organisation's zone; `now-7d` and an RFC 3339
 * time are one millisecond; a time without offset is in the organisation's zone. Undefined for any other text.
 */
export function momentsOf(text: string, zone: string, now: number): TimeRange | undefined {
  const date = bareDate.exec(text);
  if (date) {
    const [year, month, day] = date.slice(1).map(Number);
    if (year === undefined || month === undefined || day === undefined || !isDate(year, month, day))
      return undefined;
    const next = new Date(Date.UTC(year, month - 1, day + 1));
    return {
      from: startOfDay({ year, month, day }, zone),
      to: startOfDay(
        { year: next.getUTCFullYear(), month: next.getUTCMonth() + 1, day: next.getUTCDate() },
        zone,
      ),
    };
  }
  const ago = relative.exec(text);
  if (ago) {
    const at = now - Number(ago[1] ?? 0) * (unitMs[ago[2] ?? 's'] ?? 0);
    return { from: at, to: at + 1 };
  }
  const at = instant.exec(text) ? parseInstant(text, zone) : NaN;
  return Number.isNaN(at) ? undefined : { from: at, to: at + 1 };
}

/** The range of `from` and `to` parameters; a bare date as `to` includes its whole day. @throws invalid_parameter */
export function rangeOf(
  parameters: { from?: string | undefined; to?: string | undefined },
  zone: string,
  now: number,
): TimeRange {
  const read = (parameter: 'from' | 'to'): TimeRange | undefined => {
    const text = parameters[parameter];
    if (text === undefined) return undefined;
    const moments = momentsOf(text, zone, now);
    if (moments) return moments;
    throw new AuditError('invalid_parameter', {
      parameter,
      detail: `${parameter} must be a date (2026-03-31), a time (2026-03-31T10:00:00Z) or relative (now-7d)`,
    });
  };
  return { from: read('from')?.from ?? -Infinity, to: read('to')?.to ?? Infinity };
}

interface Day {
  year: number;
  month: number;
  day: number;
}

function isDate(year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** The first moment of a day in a zone. When summer time skips midnight, it is the first moment after the gap. */
export function startOfDay({ year, month, day }: Day, zone: string): number {
  // Date.UTC would add 1900 to a year below 100; setUTCFullYear does not.
  return fromLocal(new Date(0).setUTCFullYear(year, month - 1, day), zone);
}

function parseInstant(text: string, zone: string): number {
  const offset = /(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (offset) return Date.parse(text);
  const local = Date.parse(`${text}Z`);
  return Number.isNaN(local) ? NaN : fromLocal(local, zone);
}

/** The moment at which clocks of the zone show `local` (milliseconds as if it were UTC). */
function fromLocal(local: number, zone: string): number {
  const first = local - offsetAt(local, zone);
  const second = local - offsetAt(first, zone);
  // The two differ around a change of clocks: the later moment exists, the earlier one may be skipped.
  return first === second || local - second === offsetAt(second, zone) ? second : Math.max(first, second);
}

const minuteMs = 60_000;

/** How far the zone's clocks are ahead of UTC at a moment, in milliseconds. */
export function offsetAt(at: number, zone: string): number {
  return IANAZone.create(zone).offset(at) * minuteMs;
}
