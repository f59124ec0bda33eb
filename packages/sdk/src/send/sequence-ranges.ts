/** Numbers that only grow, kept as ranges. */
export interface SequenceRanges {
  /** Takes a number, also one that is lower than the last. */
  add(sequence: number): void;
  /** `1-500,502`: the lowest ranges that fit into `charsMax`; they are taken out. */
  take(charsMax: number): string;
  isEmpty(): boolean;
}

const rangesMax = 10_000;

/** At most 10,000 ranges; what would be one more is left out, so that the server shows it as missing. */
export function createSequenceRanges(): SequenceRanges {
  let ranges: [from: number, to: number][] = [];
  return {
    add(sequence) {
      const last = ranges.at(-1);
      if (last !== undefined && last[1] + 1 === sequence) last[1] = sequence;
      else if (ranges.length < rangesMax) ranges.push([sequence, sequence]);
    },
    take(charsMax) {
      ranges = joined(ranges);
      let text = '';
      let count = 0;
      for (const [from, to] of ranges) {
        const part = `${text === '' ? '' : ','}${shown(from, to)}`;
        if (text.length + part.length > charsMax) break;
        text += part;
        count += 1;
      }
      ranges = ranges.slice(count);
      return text;
    },
    isEmpty: () => ranges.length === 0,
  };
}

/** Ascending numbers as ranges: `1-500,502`. */
export function formatSequences(sequences: readonly number[]): string {
  const parts: string[] = [];
  let [from = 0] = sequences;
  sequences.forEach((to, i) => {
    const next = sequences[i + 1];
    if (next === to + 1) return;
    parts.push(shown(from, to));
    from = next ?? 0;
  });
  return parts.join(',');
}

function joined(ranges: readonly [number, number][]): [number, number][] {
  const sorted = ranges.toSorted(([a], [b]) => a - b);
  const result: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

function shown(from: number, to: number): string {
  return from === to ? `${from}` : `${from}-${to}`;
}
