import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Network, Tenants } from '../access/index.ts';
import { beginAtEnd, follow, type Projection } from '../projections/index.ts';
import { nextClosed, type NextClosed } from './next-closed.ts';
import type { SessionContext } from './session-views.ts';
import { createWebhookPost } from '../webhooks/index.ts';
import { createReceiverAddresses } from '../webhooks/index.ts';
import { signWebhook } from '../webhooks/index.ts';

export interface SessionWebhookSettings {
  url: URL;
  /** Signing keys; the newest is the first. */
  keys: readonly Buffer[];
  tenant: string;
  networks: readonly Network[];
}

export interface SessionWebhookOptions {
  settings: SessionWebhookSettings;
  tenants: Tenants;
  context: SessionContext;
  /** Names of the work that is failing at present. */
  failing: Set<string>;
  /** Names this process in leases. */
  holder: string;
  logger: Logger;
}

const follower = 'session-webhook';
const lookEveryMs = 500;
const retryWaitFirstMs = 500;
const retryWaitMaxMs = 60_000;

/**
 * Sends each closing of a session to the receiver, in the order of each ledger, again and again until the receiver answers
 * 2xx. The position is a cursor in the database, which the process that holds the lease moves after the answer. So after a
 * crash a message may be sent again, with the same id, and none is left out.
 */
export function startSessionWebhook(options: SessionWebhookOptions): { stop(): Promise<void> } {
  const { settings, tenants, context, failing, logger } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const send = createSending(options, signal);
  let ledgersBegun = '';
  let failures = 0;

  /** Sends the next message of each ledger. True when one was sent, since more may wait. */
  async function sendNext(): Promise<boolean> {
    const tenant = await tenants.find(settings.tenant);
    if (!tenant) throw new Error(`there is no tenant ${settings.tenant}`);
    const ledgers = await tenants.ledgers(tenant.id);
    const names = ledgers.map(({ id }) => id).join();
    if (ledgersBegun !== names) await beginAtEnd(follower, ledgers, context.database);
    ledgersBegun = names;
    const waiting = await nextClosed(follower, ledgers, context);
    let sent = 0;
    const errors: unknown[] = [];
    for (const closed of waiting) {
      const projection = delivery(closed, () => send(closed));
      const followOptions = { database: context.database, holder: options.holder, projection };
      // A message that the receiver does not accept does not delay the messages of other ledgers.
      try {
        if ((await follow(closed.ledger, followOptions)) !== undefined) sent += 1;
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
    return sent > 0;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let waitMs = lookEveryMs;
      try {
        if (await sendNext()) waitMs = 0;
        failures = 0;
        failing.delete(follower);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        failing.add(follower);
        waitMs = retryWaitMs(failures);
        logger.error({ err: error }, 'the receiver did not accept a closed session, it will be sent again');
      }
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  const running = run();
  const stop = async (): Promise<void> => {
    abort.abort();
    await running;
  };
  return { stop };
}

/** Sends the message of a closed session. @throws Error when the receiver does not accept it */
function createSending(
  { settings, context }: SessionWebhookOptions,
  signal: AbortSignal,
): (closed: NextClosed) => Promise<void> {
  const post = createWebhookPost(createReceiverAddresses(settings.networks));
  return async ({ ledger, session }) => {
    // Ids of events, and so of sessions, are unique only within a ledger.
    const id = `session-closed-${ledger.id}-${session.id}`;
    const data = { tenant: settings.tenant, ...session };
    const body = JSON.stringify({ type: 'session.closed', timestamp: session.closedAt, data });
    const headers = signWebhook({ id, at: context.clock(), body }, settings.keys);
    const status = await post({ url: settings.url, headers, body, signal });
    if (status < 200 || status > 299) throw new Error(`the receiver answered ${status}`);
  };
}

/** Half of the wait is random, so that all servers do not send at the same moment to a receiver that was away. */
function retryWaitMs(failures: number): number {
  const longest = Math.min(retryWaitMaxMs, retryWaitFirstMs * 2 ** Math.min(failures - 1, 30));
  return longest * (0.5 + Math.random() / 2);
}

/**
 * One step of the follower: the cursor moves past the event that closed the session, after the receiver has accepted the
 * message.
 */
function delivery({ index }: Pick<NextClosed, 'index'>, send: () => Promise<void>): Projection {
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    name: follower,
    next: (cursor) => Math.max(cursor, index + 1),
    prepare: send,
    project: nothing,
    reset: nothing,
  };
}
