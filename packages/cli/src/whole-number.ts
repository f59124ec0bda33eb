import { InvalidArgumentError } from 'commander';

/** Reads an option's whole number of at least 1. */
export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a whole number of at least 1 is needed');
}
