import { once } from 'node:events';
import { createServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { createAccess, createViewerTokens } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { createCallLimits, createHttp } from '../http/index.ts';
import { bodyLimits } from '../ingest/index.ts';
import { createPackRoles } from '../packs/index.ts';
import { createReadRecord, missingPage } from '../routes/index.ts';
import { allRoutes } from './all-routes.ts';
import type { Core } from './open-core.ts';
import type { OpenPeople } from './open-people.ts';

/** The HTTP side of the server, not listening yet. */
export interface Http {
  readonly app: FastifyInstance;
  /** Stores the noted reads that are not stored yet. */
  drain(): Promise<void>;
}

export function openHttp(core: Core, signIn: OpenPeople): Http {
  const { settings, tenants, apiKeys, packs, ingest, health, logger, clock, ledgers, turns } = core;
  const { people, cookie } = signIn;
  const { failing } = health;
  const readRecord = createReadRecord({ ingest, tenants, failing, logger, clock, ledgers, packs });
  const roleOf = createPackRoles(packs);
  const viewerTokens = createViewerTokens({ keys: people.viewerKeys, tenants, roleOf, clock });
  const app = createHttp({
    routes: allRoutes(core, signIn),
    access: createAccess({ tenants, apiKeys, sessions: people.sessions, viewerTokens, clock }),
    cookie,
    limits: createCallLimits({ settings: settings.callLimits, turns, clock: () => performance.now() }),
    bodies: bodyLimits,
    corsOrigins: settings.corsOrigins,
    trustedProxies: settings.trustedProxies,
    missingPage,
    onRead: async (read, each) => (each ? readRecord.recordNow(read) : readRecord.note(read)),
    logger,
  });
  return { app, drain: readRecord.drain };
}

/**
 * Listens on the port for a moment, so that one in use is told before a database is made. Another program may still take it
 * afterwards: then `listen` refuses. @throws AuditError invalid_parameter
 */
export async function requireFreePort({
  host,
  port,
}: {
  readonly host: string;
  readonly port: number;
}): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  try {
    probe.listen({ host, port });
    await once(probe, 'listening');
  } catch (cause) {
    throw portRefused({ host, port }, cause);
  } finally {
    probe.close();
  }
}

/** @returns the address, such as http://127.0.0.1:4000. @throws AuditError invalid_parameter when the port cannot be used */
export async function listen(
  { app }: Http,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  return app.listen({ host, port }).catch((cause: unknown) => {
    throw portRefused({ host, port }, cause);
  });
}

function portRefused({ host, port }: { host: string; port: number }, cause: unknown): AuditError {
  return new AuditError('invalid_parameter', {
    parameter: 'BITACORA_PORT',
    operatorText: `cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  });
}
