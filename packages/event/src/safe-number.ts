/**
 * Whether a number survives JSON between machines (RFC 7493, I-JSON): finite and within ±(2^53−1). Above that a
 * double is always an integer whose neighbours are lost.
 */
export function isSafeNumber(value: number): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER;
}

/** The same for a number in a JSON text. Refuses also a number other than zero that a double rounds to zero. */
export function isSafeLiteral(literal: string): boolean {
  const value = Number(literal);
  if (!isSafeNumber(value)) return false;
  return value !== 0 || !/^-?[0.]*[1-9]/.test(literal);
}
