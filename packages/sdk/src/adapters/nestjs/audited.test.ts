import { expect, test } from 'vitest';
import { Audited, policyOfHandler } from './audited.ts';

test('a handler adds to the fields of its controller and overrides them one by one', () => {
  class Bookings {
    list(): void {}
    cancel(): void {}
  }
  Audited({ record: false, level: 'low' })(Bookings);
  const { list, cancel } = Bookings.prototype;
  Audited({ record: true })(Bookings.prototype, 'cancel', { value: cancel });
  expect(policyOfHandler(Bookings, list)).toEqual({ record: false, level: 'low' });
  expect(policyOfHandler(Bookings, cancel)).toEqual({ record: true, level: 'low' });
  expect(policyOfHandler(class {}, () => undefined)).toBeUndefined();
});
