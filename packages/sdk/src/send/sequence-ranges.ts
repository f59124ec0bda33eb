/** A set of sequence numbers, kept as ranges. */
export interface SequenceRanges {
  /** Adds a number, which may be lower than the last one. */
  add(sequence: number): void;
  /** Removes the lowest ranges that fit into `charsMax`, and returns them as text: `1-500,502`. */
  take(charsMax: number): string;
  isEmpty(): boolean;
}

const rangesMax = 10_000;

/** Keeps at most 10,000 ranges. A number that would need one more is left out, and the server then shows it as missing. */
export function createSequenceRanges(): SequenceRanges {
  let ranges: [from: number, to: number][] = [];
  return {
    add(sequence) {
      const last = ranges.at(-1);
      if (last !== undefined && last[1] + 1 === sequence) last[1] = sequence;
      else if (ranges.length < rangesMax) ranges.push([sequence, sequence]);
    },
    take(charsMax) {
      ranges = joinRanges(ranges);
      let text = '';
      let count = 0;
      for (const [from, to] of ranges) {
        const part = `${text === '' ? '' : ','}${formatRange(from, to)}`;
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
  let from = sequences[0] ?? 0;
  sequences.forEach((to, i) => {
    const next = sequences[i + 1];
    if (next === to + 1) return;
    parts.push(formatRange(from, to));
    from = next ?? 0;
  });
  return parts.join(',');
}

function joinRanges(ranges: readonly [number, number][]): [number, number][] {
  const sorted = ranges.toSorted(([a], [b]) => a - b);
  const result: [number, number][] = [];
  for (const [from, to] of sorted) {
    const last = result.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

function formatRange(from: number, to: number): string {
  return from === to ? `${from}` : `${from}-${to}`;
}
