import type { AnyPack } from '@bitacora/pack-kit';
import type { ApiKeys, Tenants } from '../access/index.ts';
import { closeHttp } from '../http/index.ts';
import type { Ingest } from '../ingest/index.ts';
import { startSessionWebhook } from '../sessions/index.ts';
import type { Settings } from '../settings/index.ts';
import { startBackground } from './background.ts';
import { defaultTenant, ensureTenant } from './default-tenant.ts';
import { createEvidenceCheck } from './evidence-check.ts';
import { firstOwnerLink } from './first-owner.ts';
import { listen, openHttp, requireFreePort, type Http } from './listen.ts';
import { openCore, type Core } from './open-core.ts';
import { openPeople, type OpenPeople } from './open-people.ts';

export interface Server {
  /** The address on which it listens, such as http://127.0.0.1:4000. */
  url: string;
  /** All scopes on the tenant `default`; made once and kept in the data directory. */
  adminKey: string;
  /** The link with which the first owner sets a password, and the file that holds it; undefined when there is an owner. */
  ownerLink: { url: string; file: string } | undefined;
  ingest: Ingest;
  tenants: Tenants;
  apiKeys: ApiKeys;
  /** Answers the requests that have begun, then stops. No acknowledged event is lost. */
  close(): Promise<void>;
}

export interface ServerOptions {
  settings: Settings;
  packs?: readonly AnyPack[];
  clock?: () => number;
  /** Aborted when the server shall stop, also before it is ready: then the start fails, and nothing is left running. */
  stop?: AbortSignal;
}

/** Starts database, background work and HTTP, in this order. @throws AuditError when it must not start */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { settings, packs = [], clock = Date.now, stop = new AbortController().signal } = options;
  await requireFreePort(settings);
  const core = await openCore({ settings, packs, clock, stop });
  try {
    return await startOn(core);
  } catch (error) {
    await core.close();
    throw error;
  }
}

async function startOn(core: Core): Promise<Server> {
  const { settings, stop } = core;
  const signIn = openPeople(core);
  const http = openHttp(core, signIn);
  await core.health.beat();
  stop.throwIfAborted();
  const url = await listen(http, settings);
  const work = startWork(core);
  const ownerLink = await ownerLinkOf(core, signIn, url).catch(async (error: unknown) => {
    await closeHttp(http.app);
    await work.stop();
    throw error;
  });
  return {
    url,
    adminKey: core.adminKey,
    ownerLink,
    ingest: core.ingest,
    tenants: core.tenants,
    apiKeys: core.apiKeys,
    async close() {
      await closeHttp(http.app);
      await stopAll(core, http, work);
    },
  };
}

interface Work {
  stop(): Promise<void>;
}

/** Starts the work that goes on without requests. */
function startWork(core: Core): Work {
  const { database, tenants, ledgers, postings, recent, health, logger, settings, read } = core;
  const { holder } = core.leases;
  const background = startBackground({
    database,
    tenants,
    ledgers,
    projections: [postings, core.rollups, core.sessions],
    onHead: (ledger, size) => {
      recent?.recent.grown(ledger, size);
      return postings.keepWarm(ledger, size);
    },
    checkEvidence: {
      everyMs: settings.checkSeconds * 1_000,
      run: createEvidenceCheck({ tenants, context: read, health, logger }),
    },
    health,
    holder,
    logger,
  });
  const webhook =
    settings.sessionWebhook &&
    startSessionWebhook({
      settings: settings.sessionWebhook,
      tenants,
      context: read,
      failing: health.failing,
      holder,
      logger,
    });
  return {
    async stop() {
      await Promise.all([background.stop(), webhook?.stop()]);
    },
  };
}

async function stopAll(core: Core, http: Http, work: Work): Promise<void> {
  await http.drain();
  await core.ledgers.drain();
  await work.stop();
  await core.close();
}

async function ownerLinkOf(
  { tenants, directory, settings }: Core,
  { people }: OpenPeople,
  url: string,
): Promise<Server['ownerLink']> {
  const tenant = await ensureTenant(tenants, defaultTenant);
  const link = await firstOwnerLink({ people, tenant, directory });
  const base = settings.publicUrl ?? url;
  return link && { url: `${base}/app/link/${link.secret}`, file: link.file };
}
