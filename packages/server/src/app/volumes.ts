import { stat, statfs } from 'node:fs/promises';

/** Share of a volume in use at which an alarm begins, long before anything fails. */
const alarmShare = 0.7;
/** Two segments of the write-ahead log: with less than that PostgreSQL may stop at any moment. */
const freeBytesMin = 32 * 1024 * 1024;

export interface VolumeState {
  /** What the operator should know; the server works. */
  readonly alarms: readonly string[];
  /** What keeps events from being stored. */
  readonly full: readonly string[];
}

/** Looks how full the volumes of these folders are. A volume that cannot be measured is in neither list. */
export async function lookAtVolumes(paths: readonly string[]): Promise<VolumeState> {
  const alarms: string[] = [];
  const full: string[] = [];
  const seen = new Set<number>();
  for (const path of paths) {
    const device = (await stat(path).catch(() => undefined))?.dev;
    const stats = await statfs(path).catch(() => undefined);
    if (device === undefined || seen.has(device) || !stats || stats.blocks === 0) continue;
    seen.add(device);
    const used = stats.blocks - stats.bfree;
    const share = used / Math.max(1, used + stats.bavail);
    const freeBytes = stats.bavail * stats.bsize;
    const text = `the volume of ${path} is ${Math.floor(share * 100)} % full, ${Math.floor(freeBytes / 1024 / 1024)} MiB are free`;
    if (freeBytes < freeBytesMin) full.push(text);
    if (share >= alarmShare) alarms.push(text);
  }
  return { alarms, full };
}
