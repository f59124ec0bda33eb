import { randomBytes } from 'node:crypto';
import type { Delivery } from '../delivery.ts';
import type { Lane } from './lane.ts';
import { SdkError } from '../sdk-error.ts';
import type { Settings } from '../settings/settings.ts';
import { createAdopter, type AdoptedSpool } from '../spool/adopt-spools.ts';
import { createQuarantine } from '../spool/quarantine.ts';
import { createSpoolFeed } from '../spool/spool-feed.ts';
import { closingReport, releaseSubSpool, removeSubSpool } from '../spool/sub-spool.ts';

export type Recovered = Omit<Delivery, 'dropped' | 'spooled'>;

/** Sends what instances before this one left in the spool, under their own names and numbers. */
export interface Recovery {
  /** The first look is over: what was left behind is on its way. */
  begun(): Promise<void>;
  /** What was emptied is told to the server and gone from the disk. */
  settled(): Promise<void>;
  recovered(): Recovered;
  /** Takes nothing more over. */
  stop(): void;
  /** Leaves the rest to others, after the lanes stopped. */
  release(): void;
}

export interface RecoveryOptions {
  readonly settings: Settings;
  readonly laneOf: (tenant: string | undefined) => Lane | string;
  readonly onError: (error: SdkError) => void;
}

const adopterBytes = 16;
const reportTimeoutMs = 5_000;

export function createRecovery({ settings, laneOf, onError }: RecoveryOptions): Recovery {
  const counts = { delivered: 0, rejected: 0 };
  const open = new Set<AdoptedSpool>();
  const finishing = new Set<Promise<void>>();
  const quarantine = settings.spool && createQuarantine(settings.spool);
  const adopter =
    settings.spool &&
    createAdopter({
      ...{ directory: settings.spool.directory, key: settings.spool.key },
      instance: randomBytes(adopterBytes).toString('base64url'),
      onAdopted,
      onDamaged: ({ bytes, path }) =>
        onError(new SdkError('spool_damaged', `${bytes} bytes of ${path} are not what was written`)),
      onLocked: (path) =>
        onError(new SdkError('spool_locked', `${path} needs another spool.key and is left as it is`)),
      onFailed: (cause) =>
        onError(new SdkError('spool_failed', `the spool cannot be read: ${String(cause)}`, { cause })),
    });

  function onAdopted(adopted: AdoptedSpool): void {
    const { sub, store } = adopted;
    const lane = laneOf(sub.tenant);
    if (typeof lane === 'string') {
      adopter?.forget(adopted);
      releaseSubSpool(sub, undefined);
      onError(
        new SdkError('no_key', `there is no key for the tenant of a spool that was found: ${sub.tenant}`),
      );
      return;
    }
    open.add(adopted);
    const feed = createSpoolFeed(sub.instance, () => store, {
      onError,
      onSettled(event, judgement) {
        const { id } = event;
        if (judgement.state === 'sequenced') {
          counts.delivered += 1;
          return;
        }
        counts.rejected += 1;
        quarantine?.keep(event, judgement);
        const { code, message, field } = judgement.rejection;
        onError(new SdkError(code === 'refused' ? 'refused' : 'rejected', message, { id, field }));
      },
      onEmptied: () => finishSoon(adopted, lane, () => lane.sender.removeFeed(feed)),
    });
    lane.sender.addFeed(feed);
    if (store.length() === 0) finishSoon(adopted, lane, () => lane.sender.removeFeed(feed));
  }

  function finishSoon(adopted: AdoptedSpool, lane: Lane, removeFeed: () => void): void {
    const work = finish(adopted, lane, removeFeed);
    finishing.add(work);
    void work.finally(() => finishing.delete(work));
  }

  /** Only an instance that closed by itself is reported as closed: of another one nobody knows what it still had. */
  async function finish(adopted: AdoptedSpool, lane: Lane, removeFeed: () => void): Promise<void> {
    removeFeed();
    const { sub } = adopted;
    const report = closingReport(sub);
    const answer =
      report && (await lane.sendReport(sub.instance, report, AbortSignal.timeout(reportTimeoutMs)));
    open.delete(adopted);
    adopter?.forget(adopted);
    try {
      // What the server did not hear now, the next one tells it.
      if (answer === 'later') releaseSubSpool(sub, undefined);
      else removeSubSpool(sub);
    } catch (cause) {
      onError(new SdkError('spool_failed', `the spool cannot be removed: ${String(cause)}`, { cause }));
    }
  }

  const begun = adopter?.look() ?? Promise.resolve();
  return {
    begun: () => begun,
    async settled() {
      await Promise.all(finishing);
    },
    recovered() {
      let pending = 0;
      for (const { store } of open) pending += store.length();
      return { ...counts, pending };
    },
    stop: () => adopter?.stop(),
    release: () => adopter?.release(),
  };
}
