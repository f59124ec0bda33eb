/** A change of several keys at once, made only where the first is as it was read. */
export interface Swap {
  /** The key that decides. */
  name: string;
  /** Its value as read; undefined: it was not there. */
  expected: Buffer | undefined;
  /** Written with the step, `name` among them. */
  puts: ReadonlyMap<string, Buffer>;
  deletes: readonly string[];
  /** After this each key written goes by itself. */
  ttlMs: number;
}

/** Keys and bytes beside the database, which may vanish at any moment: nothing is kept here that is not elsewhere. */
export interface KeyStore {
  readonly kind: 'redis' | 'memory';
  /** Values in the order of the names, all read after the call and in this order. @throws Error when it cannot answer in time */
  load(names: readonly string[]): Promise<(Buffer | undefined)[]>;
  /** True when the step was made; false when another came first. @throws Error */
  swap(change: Swap): Promise<boolean>;
  /** Deletes the keys that begin so, and no others; how many there were. @throws Error */
  clear(prefix: string): Promise<number>;
  /** Keys that begin so and the bytes of their values. @throws Error */
  measure(prefix: string): Promise<{ keys: number; bytes: number }>;
  close(): Promise<void>;
}
