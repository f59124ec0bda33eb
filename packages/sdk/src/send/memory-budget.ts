/** Bytes of memory that all queues of an instance share. */
export interface MemoryBudget {
  /** False, and nothing is taken, when the limit would be passed. */
  take(bytes: number): boolean;
  give(bytes: number): void;
  used(): number;
}

export function createMemoryBudget(bytesMax: number): MemoryBudget {
  let used = 0;
  return {
    take(bytes) {
      if (used + bytes > bytesMax) return false;
      used += bytes;
      return true;
    },
    give(bytes) {
      used -= bytes;
    },
    used: () => used,
  };
}
