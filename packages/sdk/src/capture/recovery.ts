import { randomBytes } from 'node:crypto';
import type { Delivery } from '../delivery.ts';
import { SdkError } from '../sdk-error.ts';
import type { Feed } from '../send/feed.ts';
import type { PendingEvent } from '../send/pending-event.ts';
import type { Judgement } from '../send/transport.ts';
import type { Settings } from '../settings/settings.ts';
import {
  createAdopter,
  type AdoptedSpool,
  type Adopter,
  type AdopterOptions,
} from '../spool/adopt-spools.ts';
import { createQuarantine } from '../spool/quarantine.ts';
import { spoolFailure } from '../spool/spool-failure.ts';
import { createSpoolFeed } from '../spool/spool-feed.ts';
import { closingReport, releaseSubSpool, removeSubSpool, type SubSpool } from '../spool/sub-spool.ts';
import type { Lane } from './lane.ts';
import { rejectionError } from './outcome-recorder.ts';

export type Recovered = Omit<Delivery, 'dropped' | 'spooled'>;

/** Sends the events that earlier instances left in the spool, with the names and numbers of these instances. */
export interface Recovery {
  /** Resolves when the first search has ended and the events it found are being sent. */
  begun(): Promise<void>;
  /** Resolves when each emptied spool was reported to the server and removed from the disk. */
  settled(): Promise<void>;
  recovered(): Recovered;
  /** Takes over no more spools. */
  stop(): void;
  /** Leaves the rest to other processes, after the lanes have stopped. */
  release(): void;
}

export interface RecoveryOptions {
  readonly settings: Settings;
  readonly laneOf: (tenant: string | undefined) => Lane | string;
  readonly onError: (error: SdkError) => void;
}

const reportTimeoutMs = 5_000;

export function createRecovery({ settings, laneOf, onError }: RecoveryOptions): Recovery {
  const counts = { delivered: 0, rejected: 0 };
  const open = new Set<AdoptedSpool>();
  const finishing = new Set<Promise<void>>();
  const quarantine = settings.spool && createQuarantine(settings.spool);
  const adopter = createAdopterOf(settings, { onAdopted, onError });

  function onAdopted(adopted: AdoptedSpool): void {
    const { sub, store } = adopted;
    const lane = laneOf(sub.tenant);
    if (typeof lane === 'string') {
      adopter?.forget(adopted);
      releaseSubSpool(sub, undefined);
      const message = `there is no key for the tenant of a spool: ${sub.tenant}`;
      return onError(new SdkError('no_key', message));
    }
    open.add(adopted);
    const onEmptied = (): void => finishSoon(adopted, lane, feed);
    const feed = createSpoolFeed(sub.instance, () => store, { onError, onSettled, onEmptied });
    lane.queues.sender.addFeed(feed);
    if (store.length() === 0) onEmptied();
  }

  function onSettled(event: PendingEvent, judgement: Judgement): void {
    if (judgement.state === 'sequenced') {
      counts.delivered += 1;
      return;
    }
    counts.rejected += 1;
    quarantine?.keep(event, judgement);
    onError(rejectionError(event.id, judgement.rejection));
  }

  function finishSoon(adopted: AdoptedSpool, lane: Lane, feed: Feed): void {
    lane.queues.sender.removeFeed(feed);
    const work = finish(adopted, lane).finally(() => finishing.delete(work));
    finishing.add(work);
  }

  async function finish(adopted: AdoptedSpool, lane: Lane): Promise<void> {
    const isReported = await reportClosed(adopted, lane);
    open.delete(adopted);
    adopter?.forget(adopted);
    const failure = leaveSubSpool(adopted.sub, isReported);
    if (failure !== undefined) onError(failure);
  }

  const begun = adopter?.look() ?? Promise.resolve();
  return {
    begun: () => begun,
    settled: () => Promise.all(finishing).then(() => undefined),
    recovered: () => ({
      ...counts,
      pending: [...open].reduce((sum, { store }) => sum + store.length(), 0),
    }),
    stop: () => adopter?.stop(),
    release: () => adopter?.release(),
  };
}

/** Removes an emptied sub-spool, or leaves it to the next process when its report must be sent again. */
function leaveSubSpool(sub: SubSpool, isReported: boolean): SdkError | undefined {
  try {
    if (isReported) removeSubSpool(sub);
    else releaseSubSpool(sub, undefined);
    return undefined;
  } catch (cause) {
    return spoolFailure('removed', cause);
  }
}

const adopterBytes = 16;

/** Undefined without the option `spool`. */
function createAdopterOf(
  { spool }: Settings,
  { onAdopted, onError }: Pick<AdopterOptions, 'onAdopted'> & Pick<RecoveryOptions, 'onError'>,
): Adopter | undefined {
  if (spool === undefined) return undefined;
  return createAdopter({
    ...spool,
    instance: randomBytes(adopterBytes).toString('base64url'),
    onAdopted,
    onDamaged: ({ bytes, path }) =>
      onError(new SdkError('spool_damaged', `${bytes} bytes of ${path} are not what was written`)),
    onLocked: (path) =>
      onError(new SdkError('spool_locked', `${path} needs another spool.key and is left as it is`)),
    onFailed: (cause) => onError(spoolFailure('read', cause)),
  });
}

/**
 * Reports to the server that an instance has closed. Only an instance that closed by itself left such a report: nobody
 * knows which events another one still had. False when the report must be sent again, by the next process.
 */
async function reportClosed({ sub }: AdoptedSpool, lane: Lane): Promise<boolean> {
  const report = closingReport(sub);
  if (report === undefined) return true;
  const answer = await lane.sendReport(sub.instance, report, AbortSignal.timeout(reportTimeoutMs));
  return answer !== 'later';
}
