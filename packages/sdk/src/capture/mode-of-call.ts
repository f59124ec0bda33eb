import { modes, type CaptureOptions, type Mode } from '../audit.ts';
import type { Settings } from '../settings/settings.ts';

/** The mode that the settings give to an action: its own, else that of its noun (`invoice.*`), else the mode of all. */
export function modeOfAction(settings: Pick<Settings, 'mode' | 'modeOf'>, action: unknown): Mode {
  const { mode, modeOf } = settings;
  if (modeOf.size === 0 || typeof action !== 'string') return mode;
  let chosen = modeOf.get(action);
  for (let noun = action; chosen === undefined && noun.includes('.');) {
    noun = noun.slice(0, noun.lastIndexOf('.'));
    chosen = modeOf.get(`${noun}.*`);
  }
  return chosen ?? mode;
}

/** Reads the options of one call of `capture`. Options that cannot be read count as absent: the call must not throw. */
export function optionsOfCall(options: CaptureOptions | undefined): CaptureOptions {
  try {
    const { mode, transaction } = options ?? noOptions;
    if (transaction !== undefined) return { mode: 'outbox', transaction };
    return mode !== undefined && modes.includes(mode) ? { mode } : noOptions;
  } catch {
    return noOptions;
  }
}

const noOptions: CaptureOptions = {};
