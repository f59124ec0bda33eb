import { AuditError } from '../audit-error.ts';

/** An opaque text made from the numbers that describe a place in an order. */
export function positionCursor(numbers: readonly number[]): string {
  return Buffer.from(JSON.stringify(numbers)).toString('base64url');
}

const numbersMax = 2_000;
const timeMaxMs = 8.64e15;
const ledgerMax = 2 ** 31 - 1;

/** Start, ledger and index of the last session of a page. @throws invalid_parameter */
export function readPlace(cursor: string): readonly number[] {
  const numbers = readNumbers(cursor);
  const [at = NaN, ledger = NaN] = numbers ?? [];
  if (numbers?.length === 3 && Math.abs(at) <= timeMaxMs && Math.abs(ledger) <= ledgerMax) return numbers;
  throw refused('cursor');
}

/** Ledger → index of the last closing event that the caller has seen. @throws invalid_parameter */
export function readPositions(since: string): Map<number, number> {
  const numbers = readNumbers(since);
  if (!numbers || numbers.length % 2 !== 0) throw refused('since');
  return new Map(
    Array.from({ length: numbers.length / 2 }, (_, n) => [numbers[n * 2] ?? 0, numbers[n * 2 + 1] ?? -1]),
  );
}

function readNumbers(cursor: string): number[] | undefined {
  try {
    const numbers: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(numbers) && numbers.length <= numbersMax && numbers.every(Number.isSafeInteger)
      ? numbers.map(Number)
      : undefined;
  } catch {
    return undefined;
  }
}

function refused(parameter: string): AuditError {
  return new AuditError('invalid_parameter', {
    parameter,
    detail: `${parameter} is not a cursor from an earlier answer`,
  });
}
