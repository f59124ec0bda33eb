import { expect, test } from 'vitest';
import { createDateReader } from './date-format.ts';
import { RowError } from './row-error.ts';

test.each([
  ['d/M/yyyy HH:mm', 'UTC', '29/2/2016 01:16', '2016-02-29T01:16:00.000Z'],
  ['d/M/yyyy HH:mm', 'UTC', '1/12/2016 23:59', '2016-12-01T23:59:00.000Z'],
  ['yyyy MMMM d', 'UTC', '2015 July 1', '2015-07-01T00:00:00.000Z'],
  ['d-MMM-yyyy', 'UTC', '09-Jun-2020', '2020-06-09T00:00:00.000Z'],
  ['yyyyMMdd HH:mm:ss.SSS', 'UTC', '20200609 01:02:03.004', '2020-06-09T01:02:03.004Z'],
  ["yyyy-MM-dd'T'HH:mm", 'UTC', '2020-06-09T01:02', '2020-06-09T01:02:00.000Z'],
  ['yyyy-MM-dd HH:mm', 'Europe/Madrid', '2024-07-01 12:00', '2024-07-01T10:00:00.000Z'],
  ['yyyy-MM-dd HH:mm', 'Europe/Madrid', '2024-12-31 00:30', '2024-12-30T23:30:00.000Z'],
  ['yyyy-MM-dd HH:mm', 'Europe/Madrid', '2024-03-31 04:00', '2024-03-31T02:00:00.000Z'],
  ['rfc3339', 'UTC', '2015-09-11T02:46:58.771+02:00', '2015-09-11T00:46:58.771Z'],
])('%s in %s reads %s', (format, zone, text, time) => {
  expect(new Date(createDateReader(format, zone)(text)).toISOString()).toBe(time);
});

test.each([
  ['d/M/yyyy', '30/2/2016'],
  ['d/M/yyyy', '29/2/2015'],
  ['d/M/yyyy', '1/13/2015'],
  ['d/M/yyyy', '1/1/2015 '],
  ['d/M/yyyy HH:mm', '1/1/2015 24:00'],
  ['yyyy MMMM d', '2015 Julio 1'],
  ['rfc3339', '2015-01-01'],
])('%s refuses %s', (format, text) => {
  expect(() => createDateReader(format, 'UTC')(text)).toThrow(RowError);
});

test('a format with an unknown letter or zone is refused at once', () => {
  expect(() => createDateReader('dd/QQ/yyyy', 'UTC')).toThrow(RangeError);
  expect(() => createDateReader('yyyy', 'Mars/Olympus')).toThrow(RangeError);
});
