/** A change of several keys at once, which happens only if the key `name` still has the value that was read. */
export interface Swap {
  /** The key whose value decides. */
  name: string;
  /** The value that was read; undefined: the key did not exist. */
  expected: Buffer | undefined;
  /** The keys to write, `name` among them. */
  puts: ReadonlyMap<string, Buffer>;
  deletes: readonly string[];
  /** After this time each written key disappears by itself. */
  ttlMs: number;
}

/** Keys and bytes outside the database. They may vanish at any moment, so everything in here is also in the database. */
export interface KeyStore {
  readonly kind: 'redis' | 'memory';
  /**
   * Values in the order of the names, all read after the call and in this order. @throws Error when the store does not
   * answer in time
   */
  load(names: readonly string[]): Promise<(Buffer | undefined)[]>;
  /** True when the change was made; false when another change came first. @throws Error */
  swap(change: Swap): Promise<boolean>;
  /** Deletes the keys that begin with `prefix` and returns how many there were. @throws Error */
  clear(prefix: string): Promise<number>;
  /** The number of keys that begin with `prefix`, and the bytes of their values. @throws Error */
  measure(prefix: string): Promise<{ keys: number; bytes: number }>;
  close(): Promise<void>;
}
