import { AuditError } from '../audit-error.ts';

/** Numbers of a place in an order, as an opaque text. */
export function positionCursor(numbers: readonly number[]): string {
  return Buffer.from(JSON.stringify(numbers)).toString('base64url');
}

const numbersMax = 2_000;

/** @throws invalid_parameter */
export function readPositions(cursor: string): number[] {
  try {
    const numbers: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(numbers) && numbers.length <= numbersMax && numbers.every(Number.isSafeInteger))
      return numbers.map(Number);
  } catch {
    // Refused below, with the same words.
  }
  throw new AuditError('invalid_parameter', {
    parameter: 'cursor',
    detail: 'that is no cursor that was answered here',
  });
}
