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
  /** The newest first. */
  keys: readonly Buffer[];
  tenant: string;
  networks: readonly Network[];
}

export interface SessionWebhookOptions {
  settings: SessionWebhookSettings;
  tenants: Tenants;
  context: SessionContext;
  /** Names of what is failing at present. */
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
 * Sends each closing of a session to its receiver, in the order of each ledger, until it is answered with 2xx. Where it has
 * come to is a cursor in the database, moved after the answer by whoever holds the lease: after a crash a message may be
 * sent again, under the same id, and none is left out.
 */
export function startSessionWebhook(options: SessionWebhookOptions): { stop(): Promise<void> } {
  const { settings, tenants, context, failing, logger } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const post = createWebhookPost(createReceiverAddresses(settings.networks));
  let known = '';
  let failures = 0;

  /** Whether something was sent, so that more may wait. */
  async function once(): Promise<boolean> {
    const tenant = await tenants.find(settings.tenant);
    if (!tenant) throw new Error(`there is no tenant ${settings.tenant}`);
    const ledgers = await tenants.ledgers(tenant.id);
    const names = ledgers.map(({ id }) => id).join();
    if (known !== names) await beginAtEnd(follower, ledgers, context.database);
    known = names;
    const waiting = await nextClosed(follower, ledgers, context);
    let sent = 0;
    const failed: unknown[] = [];
    for (const closed of waiting) {
      const projection = delivery(closed, () => send(closed));
      const asked = { database: context.database, holder: options.holder, projection };
      // What the receiver does not take of one ledger keeps none of another waiting.
      const cursor = await follow(closed.ledger, asked).catch((error: unknown) => void failed.push(error));
      if (cursor !== undefined) sent += 1;
    }
    if (failed.length > 0) throw failed[0];
    return sent > 0;
  }

  async function send({ ledger, session }: NextClosed): Promise<void> {
    // Ids of events, and so of sessions, are unique in a ledger only.
    const id = `session-closed-${ledger.id}-${session.id}`;
    const data = { tenant: settings.tenant, ...session };
    const body = JSON.stringify({ type: 'session.closed', timestamp: session.closedAt, data });
    const headers = signWebhook({ id, at: context.clock(), body }, settings.keys);
    const status = await post({ url: settings.url, headers, body, signal });
    if (status < 200 || status > 299) throw new Error(`the receiver answered ${status}`);
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let waitMs = lookEveryMs;
      try {
        if (await once()) waitMs = 0;
        failures = 0;
        failing.delete(follower);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        failing.add(follower);
        waitMs = retryWaitMs(failures);
        logger.error({ err: error }, 'a closed session was not taken by its receiver, will be sent again');
      }
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async stop() {
      abort.abort();
      await running;
    },
  };
}

/** Half of the wait is random: receivers that were away are not met by all servers at once. */
function retryWaitMs(failures: number): number {
  const longest = Math.min(retryWaitMaxMs, retryWaitFirstMs * 2 ** Math.min(failures - 1, 30));
  return longest * (0.5 + Math.random() / 2);
}

/** One step of the follower: past the event that closed the session, once the message was taken. */
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
