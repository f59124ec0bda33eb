import type { LedgerHead } from '../storage/index.ts';
import type { ChunkValues } from './chunk-values.ts';
import { extendWindow } from './extend-window.ts';
import { nextStep, type NextStep } from './next-step.ts';
import type { Window } from './window.ts';
import { sinceOf, writeWindow, type WindowStoreOptions } from './window-store.ts';

/** `stale`: another process was faster, or more steps follow. `lost`: the stored window cannot be continued. */
export type StepResult = 'done' | 'stale' | 'lost';

/** Brings a window that was just read from the store one step closer to a head. */
export async function stepWindow(
  window: Window,
  head: LedgerHead,
  { values, ...options }: WindowStoreOptions & { readonly values: ChunkValues },
): Promise<StepResult> {
  const step = nextStep(window.state, head, options.settings);
  switch (step.kind) {
    case 'done':
      return 'done';
    case 'refill':
      return 'lost';
    case 'ahead': {
      const now = (await options.source.heads([options.ledger.id])).get(options.ledger.id);
      return now && now.size >= window.state.upTo ? 'done' : 'lost';
    }
    case 'append':
      return appendStep(window, step, { ...options, values, head });
  }
}

async function appendStep(
  window: Window,
  { first, end, tag }: NextStep & { kind: 'append' },
  { values, head, ...options }: WindowStoreOptions & { values: ChunkValues; head: LedgerHead },
): Promise<StepResult> {
  const { ledger, source, settings, counters, activity } = options;
  const { state: before, raw } = window;
  // The entry before the first is read too: its hash shows that the stored window is of the same ledger.
  const rows = await source.range(ledger, { first: Math.max(0, first - 1), end });
  const previous = first > 0 ? rows.shift() : undefined;
  if ((previous?.leafHash ?? '') !== before.last || rows.length !== end - first) return 'lost';
  const entries = rows.map(({ entry }) => entry);
  const next = await extendWindow(window, entries, {
    from: values,
    since: sinceOf(options),
    entriesMax: settings.entriesMaxPerLedger,
  });
  const last = rows.at(-1)?.leafHash ?? before.last;
  const written = await writeWindow(options, values, {
    expected: raw,
    state: { upTo: end, tag, last, floor: next.floor ?? null },
    chunks: next.chunks,
    puts: next.puts,
    deletes: [...next.deletes, values.chunkName(before.directory)],
  });
  if (!written) return 'stale';
  window.apply({ ...written, chunks: next.chunks });
  for (const chunk of next.chunks) options.memory.used(chunk);
  counters.stored += rows.length;
  activity.info(`ledger ${ledger.name}: stored ${rows.length} entries, holds all up to ${end}`);
  return end === head.size ? 'done' : 'stale';
}
