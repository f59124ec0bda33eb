import { sampleRows } from './sample-data.ts';

export interface Update {
  incident: string;
  actor: string;
  at: number;
  attributes: Map<string, string>;
  changes: { path: string; before: string | null; after: string | null }[];
  /** The numbers of the update's words in the model's dictionary, ascending. */
  words: Uint32Array;
}

export interface ServicenowModel {
  /** The updates in the order of the file. */
  updates: Update[];
  dictionary: Map<string, number>;
  /** The updates that have a word, by the number of the word. */
  updatesWith: Update[][];
}

const uncompared = new Set(['sys_mod_count', 'sys_updated_by', 'sys_updated_at', 'number']);

/** The totals of the file, computed only from its text. It shares no code with what is tested. */
export function readServicenow(path: string): ServicenowModel {
  const last = new Map<string, Map<string, string>>();
  const dictionary = new Map<string, number>();
  const updates = sampleRows(path).map((row): Update => {
    const incident = row.get('number') ?? '';
    const attributes = new Map([...row].filter(([, value]) => value !== '?'));
    const before = last.get(incident);
    last.set(incident, attributes);
    const changes = before ? differences(before, attributes, [...row.keys()]) : [];
    const update = {
      incident,
      actor: row.get('sys_updated_by') ?? '',
      at: timeOf(row.get('sys_updated_at') ?? ''),
      attributes,
      changes,
    };
    return { ...update, words: wordNumbers(update, dictionary) };
  });
  const updatesWith = Array.from(dictionary, (): Update[] => []);
  for (const update of updates) for (const number of update.words) updatesWith[number]?.push(update);
  return { updates, dictionary, updatesWith };
}

function differences(
  before: Map<string, string>,
  after: Map<string, string>,
  columns: string[],
): Update['changes'] {
  return columns
    .filter((path) => !uncompared.has(path) && before.get(path) !== after.get(path))
    .map((path) => ({ path, before: before.get(path) ?? null, after: after.get(path) ?? null }));
}

/** Reads a time such as `29/2/2016 01:16` as UTC. */
function timeOf(text: string): number {
  const [day = 0, month = 0, year = 0, hour = 0, minute = 0] = text.split(/[/ :]/).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute);
}

function wordNumbers(update: Omit<Update, 'words'>, dictionary: Map<string, number>): Uint32Array {
  // The map and the server add these words to every event: action, types, operation, outcome, level.
  const texts = [
    'incident.update',
    'user',
    'incident',
    'update',
    'success',
    'low',
    update.incident,
    update.actor,
  ];
  texts.push(...update.attributes.values());
  for (const { path, before, after } of update.changes) texts.push(path, before ?? '', after ?? '');
  const numbers = new Set<number>();
  for (const text of texts) {
    for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
      const number = dictionary.get(word) ?? dictionary.size;
      dictionary.set(word, number);
      numbers.add(number);
    }
  }
  return Uint32Array.from(numbers).sort();
}

/** The number of updates that have all the words. It checks each update that has the rarest word. */
export function scanForWords({ dictionary, updatesWith }: ServicenowModel, words: readonly string[]): number {
  const wanted = words.map((word) => dictionary.get(word.toLowerCase()) ?? -1);
  const holders = wanted.map((number) => updatesWith[number] ?? []);
  const [fewest = []] = holders.sort((list, other) => list.length - other.length);
  return fewest.filter((update) => wanted.every((number) => hasNumber(update.words, number))).length;
}

function hasNumber(sorted: Uint32Array, number: number): boolean {
  let low = 0;
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === number;
}
