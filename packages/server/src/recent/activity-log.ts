import { appendFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface ActivityLog {
  info(text: string): void;
  error(text: string, cause?: unknown): void;
  /** Resolves when all lines are written. */
  flush(): Promise<void>;
}

const fileBytesMax = 10 * 1024 * 1024;
const filesMax = 5;
/** Lines that may wait for the disk. Further lines are counted and left out. */
const waitingLinesMax = 10_000;

/**
 * Writes lines `time LEVEL text` to a file. At 10 MB the file is renamed: `.1` is the newest older file, `.5` the oldest.
 */
export function createActivityLog(file: string, clock: () => number): ActivityLog {
  let lines: string[] = [];
  let leftOut = 0;
  let bytes: number | undefined;
  let writing: Promise<void> | undefined;
  const rotate = async (): Promise<void> => {
    await rm(`${file}.${filesMax}`, { force: true });
    for (let number = filesMax - 1; number >= 1; number--)
      await rename(`${file}.${number}`, `${file}.${number + 1}`).catch(() => undefined);
    await rename(file, `${file}.1`).catch(() => undefined);
    bytes = 0;
  };
  const write = async (): Promise<void> => {
    await mkdir(dirname(file), { recursive: true });
    while (lines.length > 0) {
      const taken = lines;
      lines = [];
      if (leftOut > 0) taken.push(`${time(clock())} ERROR ${leftOut} lines were left out\n`);
      leftOut = 0;
      const text = taken.join('');
      bytes ??= await stat(file).then(
        ({ size }) => size,
        () => 0,
      );
      if (bytes > 0 && bytes + Buffer.byteLength(text) > fileBytesMax) await rotate();
      await appendFile(file, text);
      bytes += Buffer.byteLength(text);
    }
  };
  const add = (level: string, text: string): void => {
    if (lines.length >= waitingLinesMax) leftOut++;
    else lines.push(`${time(clock())} ${level} ${text.replaceAll(/[\r\n]+/g, ' ')}\n`);
    // A full disk must not stop the work that is logged.
    writing ??= write()
      .catch(() => undefined)
      .finally(() => (writing = undefined));
  };
  return {
    info: (text) => add('INFO', text),
    error: (text, cause) => add('ERROR', cause instanceof Error ? `${text}: ${cause.message}` : text),
    async flush() {
      await writing;
    },
  };
}

function time(at: number): string {
  return new Date(at).toISOString();
}
