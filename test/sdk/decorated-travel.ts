import type { travelNames } from './travel-names.ts';

/** The test compiles this file first, because no version of Node.js runs standard decorators. */
export function decoratedDesk(names: ReturnType<typeof travelNames>) {
  const { auditBookingAction, auditAiAgentAccess, auditDataAccess, auditUserAction } = names;
  class Desk {
    readonly #customers = ['ann', 'bo'];

    @auditBookingAction('create')
    async create(_booking: { id: string }, seats: number): Promise<{ seats: number }> {
      await Promise.resolve();
      if (seats === 0) throw new RangeError('no seats');
      return { seats };
    }

    @auditAiAgentAccess('ethical_tourism')
    ask(question: string): string {
      return `${question}: Costa Rica`;
    }

    @auditDataAccess('customer_data', 'export')
    export(): readonly string[] {
      return this.#customers;
    }

    @auditUserAction('user.create', 'user_management', 'medium')
    static invite(email: string): string {
      return email;
    }
  }
  return { desk: new Desk(), invite: Desk.invite };
}
