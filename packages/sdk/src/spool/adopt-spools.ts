import type { KeyObject } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createSegmentStore, type SegmentStore } from './segment-store.ts';
import { hasOwner, ownerSignEveryMs, signAsOwner } from './spool-owner.ts';
import {
  claimSubSpool,
  isSubSpoolName,
  releaseSubSpool,
  removeUnfinished,
  type SubSpool,
} from './sub-spool.ts';

/** A sub-spool that an instance left behind, and that this instance has taken over. */
export interface AdoptedSpool {
  readonly sub: SubSpool;
  readonly store: SegmentStore;
}

export interface Adopter {
  /** Takes over every sub-spool that has no owner any more. Never rejects. */
  look(): Promise<void>;
  /** Stops holding a sub-spool, because it is emptied or left to others. */
  forget(adopted: AdoptedSpool): void;
  /** Takes over no more sub-spools. */
  stop(): void;
  /** Leaves the sub-spools that are not emptied to others. */
  release(): void;
}

export interface AdopterOptions {
  readonly directory: string;
  /** The instance that takes over. */
  readonly instance: string;
  /** For spools that are encrypted; spools in clear are read as well. */
  readonly key: KeyObject | undefined;
  readonly onAdopted: (adopted: AdoptedSpool) => void;
  readonly onDamaged: (damage: { readonly bytes: number; readonly path: string }) => void;
  /** Called once for each spool that needs another key; it stays as it is. */
  readonly onLocked: (path: string) => void;
  readonly onFailed: (cause: unknown) => void;
}

const lookEveryMs = 30_000;

/** Looks for the sub-spools of processes and threads that ended without emptying them, at the start and every 30 seconds. */
export function createAdopter(options: AdopterOptions): Adopter {
  const { directory, instance, key, onDamaged } = options;
  const held = new Set<AdoptedSpool>();
  const locked = new Set<string>();
  let state: 'open' | 'stopped' = 'open';
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    for (const name of namesIn(directory)) {
      if (state === 'stopped') return;
      removeUnfinished(directory, name);
      if (!isSubSpoolName(name) || hasOwner(join(directory, name))) continue;
      const sub = claimSubSpool(directory, name, { adopter: instance, key });
      if (sub === 'locked' && !locked.has(name)) options.onLocked(join(directory, name));
      if (sub === 'locked') locked.add(name);
      if (typeof sub !== 'object') continue;
      const adopted = { sub, store: createSegmentStore(sub.path, { cipher: sub.cipher, onDamaged }) };
      held.add(adopted);
      try {
        await adopted.store.scan();
        if (state === 'open') options.onAdopted(adopted);
      } catch (cause) {
        held.delete(adopted);
        options.onFailed(cause);
      }
    }
  }

  const lookOnce = (): Promise<void> =>
    (looking ??= look()
      .catch(options.onFailed)
      .finally(() => {
        looking = undefined;
      }));
  const again = setInterval(() => void lookOnce(), lookEveryMs);
  const sign = setInterval(() => {
    for (const { sub } of held) signAsOwner(sub.path);
  }, ownerSignEveryMs);
  again.unref();
  sign.unref();
  return {
    look: lookOnce,
    forget: (adopted) => held.delete(adopted),
    stop() {
      state = 'stopped';
      clearInterval(again);
      clearInterval(sign);
    },
    release() {
      for (const { sub } of held) release(sub);
    },
  };
}

function release(sub: SubSpool): void {
  try {
    releaseSubSpool(sub, undefined);
  } catch {
    // Its owner no longer touches its file, so within a minute it counts as abandoned.
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
