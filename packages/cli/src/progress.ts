/** The progress of some work. Without `total`, only the text is shown. */
export interface ProgressState {
  readonly done: number;
  readonly total?: number | undefined;
  readonly text: string;
}

/**
 * Shows progress on stderr: a bar on a terminal, otherwise a line every few seconds. Nothing is shown in the first second.
 */
export interface Progress {
  update(state: ProgressState): void;
  /** Shows a note about the work, such as a wait; at most one each second. */
  note(text: string): void;
  /** Removes the bar. */
  end(): void;
}

const barWidth = 24;
const redrawMs = 100;
const lineEveryMs = 5_000;

/** `label` names the work. */
export function createProgress(
  label: string,
  stream: Pick<NodeJS.WriteStream, 'isTTY'> & { write(text: string): unknown } = process.stderr,
  clock: () => number = () => performance.now(),
): Progress {
  const started = clock();
  let nextAt = started + 1_000;
  let noteAt = started;
  let drawn = false;
  return {
    update(state) {
      const now = clock();
      if (now < nextAt) return;
      nextAt = now + (stream.isTTY ? redrawMs : lineEveryMs);
      const text = render(label, state, now - started);
      stream.write(stream.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
      drawn = stream.isTTY;
    },
    note(text) {
      const now = clock();
      if (now < noteAt) return;
      noteAt = now + 1_000;
      stream.write(`${drawn ? '\r\u001b[K' : ''}${label}: ${text}\n`);
      drawn = false;
    },
    end() {
      if (drawn) stream.write('\r\u001b[K');
      drawn = false;
    },
  };
}

function render(label: string, { done, total, text }: ProgressState, elapsedMs: number): string {
  const seconds = `${(elapsedMs / 1_000).toFixed(0)} s`;
  if (total === undefined || total === 0) return `${label}: ${text}, ${seconds}`;
  const part = Math.min(1, done / total);
  const filled = Math.round(part * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  return `${label} ${bar} ${(part * 100).toFixed(0).padStart(3)} %  ${text}, ${seconds}`;
}
