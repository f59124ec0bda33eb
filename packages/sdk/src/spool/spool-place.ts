import { utimes } from 'node:fs/promises';
import type { SpoolCipher } from './cipher.ts';
import { createSegmentStore, type SegmentStore, type SegmentStoreOptions } from './segment-store.ts';
import { ownerPath, ownerSignEveryMs } from './spool-owner.ts';
import { createSubSpool, type SubSpool } from './sub-spool.ts';

export interface SpoolPlaceOptions extends Pick<SegmentStoreOptions, 'onDamaged'> {
  readonly directory: string;
  readonly instance: string;
  readonly tenant: string | undefined;
  /** Of a spool that has a key. */
  readonly cipher: SpoolCipher | undefined;
}

/** The directory of one instance in the spool, which it signs as its owner. */
export interface SpoolPlace {
  readonly sub: SubSpool;
  readonly store: SegmentStore;
  stopSigning(): void;
}

/** Makes the directory of an instance. Throws what the file system says. */
export function createSpoolPlace(options: SpoolPlaceOptions): SpoolPlace {
  const { directory, instance, tenant, cipher, onDamaged } = options;
  const sub = createSubSpool(directory, { instance, tenant, cipher });
  const signing = setInterval(() => {
    const now = new Date();
    void utimes(ownerPath(sub.path), now, now).catch(() => undefined);
  }, ownerSignEveryMs);
  signing.unref();
  return {
    sub,
    store: createSegmentStore(sub.path, { cipher, onDamaged }),
    stopSigning: () => clearInterval(signing),
  };
}
