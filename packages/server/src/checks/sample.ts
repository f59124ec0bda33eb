import { randomInt } from 'node:crypto';

/** At most `max` of the members, chosen at random. */
export function sampleOf<T>(members: readonly T[], max: number): T[] {
  const left = [...members];
  const sample: T[] = [];
  while (sample.length < max && left.length > 0) sample.push(...left.splice(randomInt(left.length), 1));
  return sample;
}
