/** What one bench answers; `ratio` is value against reference, as the goal is stated. */
export interface Measurement {
  value: number;
  unit: string;
  /** Measured in the same run, or null where the goal is absolute. */
  reference: number | null;
  ratio: number | null;
  goal: string;
  holds: boolean;
  /** Lines for people: what was measured, medians, spread. */
  notes: string[];
}

/** A promise about speed, one file each. */
export interface SpeedPromise {
  id: string;
  title: string;
  /** Disk and time, said before anything is built. */
  cost: string;
  measure(options: BenchOptions): Promise<Measurement>;
}

export interface BenchOptions {
  /** Entries of the large data set. */
  entries: number;
  /** Where data sets are kept between runs. */
  directory: string;
  say(line: string): void;
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Nearest rank. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}
