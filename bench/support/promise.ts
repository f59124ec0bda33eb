/** The result of a bench. `ratio` is the value divided by the reference. */
export interface Measurement {
  value: number;
  unit: string;
  /** Measured in the same run; null when the goal has no reference. */
  reference: number | null;
  ratio: number | null;
  goal: string;
  holds: boolean;
  /** Lines for people to read, such as what was measured, medians and the spread. */
  notes: string[];
}

/** A promise about speed. Each is in its own file. */
export interface SpeedPromise {
  id: string;
  title: string;
  /** The disk and the time that the bench takes; printed before it starts. */
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

/** The percentile by nearest rank. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN;
}
