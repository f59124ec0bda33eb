import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditEvent } from '@bitacora/event';
import type { AnyPack } from '@bitacora/pack-kit';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Tenant, Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Ingest } from '../ingest/index.ts';
import type { Ledgers } from '../ledger/index.ts';
import { withHiddenSessions } from '../query/index.ts';
import type { AnsweredRead } from '../http/index.ts';
import { actorOf, auditLedgerOf, reportAct } from '../ingest/index.ts';

/**
 * Records who read other people's entries. When session ids are secrets, the recorded question has hashes in their place.
 */
export interface ReadRecord {
  /**
   * Records each question of a caller once in ten minutes, a moment later. @throws too_many_requests when too many wait
   * already
   */
  note(read: AnsweredRead): void;
  /** Records a read every time it is called, and returns when the event is stored. */
  recordNow(read: AnsweredRead): Promise<void>;
  /** Waits until the noted reads are stored, at most five seconds. The server calls it when it closes. */
  drain(): Promise<void>;
}

const windowMs = 600_000;
const flushAfterMs = 250;
const waitingMax = 10_000;
const seenMax = 50_000;
/** A URL may take some 10 kB. */
const recordedUrlsMax = 500;
const eventsPerAppend = 500;
const drainWithinMs = 5_000;
/** Parameters that choose a page of an answer. Two pages of one answer are the same question. */
const pageParameters = ['cursor', 'limit', 'order', 'count'];

export function createReadRecord(options: {
  ingest: Ingest;
  tenants: Tenants;
  /** Names of the work that fails at present. */
  failing: Set<string>;
  logger: Logger;
  clock: () => number;
  ledgers: Ledgers;
  packs: readonly AnyPack[];
}): ReadRecord {
  const { ingest, tenants, failing, logger, clock, ledgers, packs } = options;
  const secretSessions = packs.some(({ sessions }) => sessions?.secret === true);
  const waiting = new Map<string, { tenant: Tenant; event: AuditEvent }>();
  const seen = new Set<string>();
  /**
   * Readers with the URLs they called. Parsing a URL takes a tenth of the time of a newest page, so a repeated URL is not
   * parsed again.
   */
  const recordedUrls = new LRUCache<string, true>({ max: recordedUrlsMax });
  let window = 0;
  let running: Promise<void> | undefined;
  let ended = false;
  const flush = async (): Promise<void> => {
    const some = [...waiting].slice(0, eventsPerAppend);
    const byTenant = Map.groupBy(some, ([, { tenant }]) => tenant.id);
    for (const members of byTenant.values()) {
      const [, first] = members[0] ?? [];
      if (!first) continue;
      const ledger = await auditLedgerOf(first.tenant, tenants);
      await ingest.reportAll(
        ledger,
        members.map(([, { event }]) => event),
      );
      for (const [id] of members) waiting.delete(id);
    }
  };
  const run = async (): Promise<void> => {
    await sleep(flushAfterMs);
    while (waiting.size > 0 && !ended) {
      try {
        await flush();
        failing.delete('record of reads');
      } catch (error) {
        failing.add('record of reads');
        logger.error({ err: error }, 'reads could not be recorded; the server tries again');
        await sleep(1_000);
      }
    }
    running = undefined;
  };
  const keptUrl = (tenant: Tenant, url: string): string =>
    secretSessions ? withoutSecrets(url, ledgers.tenantKeys(tenant.id).hiddenSession) : url;
  return {
    async recordNow({ grant, action, method, url, client }) {
      const operation = method === 'GET' ? 'read' : 'execute';
      const request = { method, url: keptUrl(grant.tenant, url) };
      const act = { action, operation, level: 'medium', request, client } as const;
      await reportAct(grant, act, { tenants, ingest });
    },
    note({ grant, action, method, url, client }) {
      const start = Math.floor(clock() / windowMs) * windowMs;
      if (start !== window || seen.size >= seenMax) {
        seen.clear();
        recordedUrls.clear();
      }
      window = start;
      const reader = [grant.tenant.id, grant.caller.kind, grant.caller.id, action];
      const readerAndUrl = JSON.stringify([...reader, url]);
      if (recordedUrls.has(readerAndUrl)) return;
      const question = normalised(keptUrl(grant.tenant, url));
      const id = idOf(start, [...reader, question]);
      if (seen.has(id)) return void recordedUrls.set(readerAndUrl, true);
      // A read that cannot be recorded is not answered.
      if (waiting.size >= waitingMax) throw new AuditError('too_many_requests', { retryAfterSeconds: 1 });
      seen.add(id);
      const event: AuditEvent = {
        id,
        action,
        operation: 'read',
        outcome: 'success',
        level: 'low',
        actor: actorOf(grant.caller),
        // The question may hold names: the URL of a request is personal, attributes are not.
        request: { method, url: question },
        client,
      };
      recordedUrls.set(readerAndUrl, true);
      waiting.set(id, { tenant: grant.tenant, event });
      running ??= run();
    },
    async drain() {
      await Promise.race([running, sleep(drainWithinMs, undefined, { ref: false })]);
      // A ledger that accepts no more events must not keep the process alive.
      ended = true;
    },
  };
}

/** The question of a URL: the same for every order of the parameters and for every page. */
function normalised(url: string): string {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  for (const name of pageParameters) searchParams.delete(name);
  searchParams.sort();
  // All tiles of a ledger count as one question.
  const path = pathname.replace(/\/tile\/.*$/, '/tile/');
  return `${path}${searchParams.size > 0 ? `?${searchParams.toString()}` : ''}`.slice(0, 4_000);
}

/**
 * The URL with session ids replaced by hashes. A person who has a session id can sign in, so people who read the record must not see
 * it.
 */
function withoutSecrets(url: string, hidden: (sessionId: string) => string): string {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const kept = new URLSearchParams();
  for (const [name, value] of searchParams) {
    if (name === 'q') kept.append(name, withHiddenSessions(value, hidden));
    else kept.append(name, name === 'sessionId' ? hidden(value) : value);
  }
  return `${pathname}${kept.size > 0 ? `?${kept.toString()}` : ''}`;
}

/** A UUIDv7 of the window: two servers that note the same read store it once. */
function idOf(start: number, parts: readonly unknown[]): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([start, ...parts]))
    .digest();
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(start, 0, 6);
  hash.copy(bytes, 6, 0, 10);
  bytes[6] = 0x70 | (hash.readUInt8(0) & 0x0f);
  bytes[8] = 0x80 | (hash.readUInt8(2) & 0x3f);
  const hex = bytes.toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
