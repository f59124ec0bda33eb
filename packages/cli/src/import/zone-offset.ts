/** The offset of an IANA zone from UTC, in milliseconds, at a time in Unix milliseconds. RangeError for an unknown zone. */
export function zoneOffsetMs(zone: string): (timeMs: number) => number {
  if (zone === 'UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (timeMs) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(timeMs)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    const local = Date.UTC(year, month - 1, day, hour, minute, second);
    return local - Math.floor(timeMs / 1_000) * 1_000;
  };
}
