import { readPublishedLedger } from './read-published-ledger.ts';
import type { TestServer } from './test-server.ts';

export interface StoredEvent {
  index: number;
  id: string;
  run: string;
  n: number;
}

/** The events of SDK hosts in a ledger, in its order, read from the published entries. */
export async function storedEvents(
  server: TestServer,
  options: { ledger?: string; sizeLeast?: number } = {},
): Promise<StoredEvent[]> {
  const { entries } = await readPublishedLedger(server, options);
  return entries.map((bytes, index) => {
    const { id, attributes } = JSON.parse(bytes.toString());
    return { index, id, run: attributes.run, n: attributes.n };
  });
}

/** The faults, in words, of the stored events of one run of a host. */
export function faultsOf(stored: readonly StoredEvent[], done: readonly number[]): string[] {
  const numbers = stored.map(({ n }) => n);
  const known = new Set(numbers);
  const lost = done.filter((n) => !known.has(n));
  const twice = numbers.length - known.size;
  const disordered = numbers.filter((n, i) => n <= (numbers[i - 1] ?? 0)).length;
  return [
    ...(lost.length > 0 ? [`lost: ${lost.slice(0, 10).join()} (${lost.length})`] : []),
    ...(twice > 0 ? [`${twice} stored twice`] : []),
    ...(disordered > 0 ? [`${disordered} out of order`] : []),
  ];
}
