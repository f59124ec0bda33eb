import type { Audit } from '@bitacora/sdk';
import type { audited } from '@bitacora/sdk/functions';

/** The test compiles this file first, because no version of Node.js runs standard decorators. */
export function decoratedBookings(decorate: typeof audited, audit: Audit) {
  class Bookings {
    readonly #fee = 12;

    @decorate({
      audit,
      action: 'booking.cancel',
      level: 'high',
      target: ([id]: [string, number]) => ({ type: 'booking', id }),
      attributes: ([, seats], result: { fee: number } | undefined) => ({ seats, fee: result?.fee ?? 0 }),
    })
    async cancel(id: string, seats: number): Promise<{ fee: number }> {
      await Promise.resolve();
      if (id === 'missing') throw Object.assign(new RangeError('no such booking'), { code: 'E_MISSING' });
      return { fee: this.#fee * seats };
    }

    @decorate({ audit, action: 'booking.count', only: 'failure' })
    static count(list: readonly string[]): number {
      if (list.length > 2) throw new Error('too many');
      return list.length;
    }
  }
  return { bookings: new Bookings(), count: Bookings.count };
}
