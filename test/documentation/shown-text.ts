/**
 * The difference, in words, between a text that a page shows and the printed text; undefined when they agree. `…` stands for
 * any text within a line, and a line of only `…` for any lines.
 */
export function differsFromShown(shown: string, printed: string): string | undefined {
  const lines = shown.trimEnd().split('\n');
  const pattern = lines
    .map((line) =>
      line.trim() === '…'
        ? '(?:[^\\n]*\\n)*?[^\\n]*'
        : line
            .split('…')
            .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/ {2,}/g, ' {2,}'))
            .join('[^\\n]*'),
    )
    .join('\\n');
  return new RegExp(`^${pattern}\\s*$`).test(printed) ? undefined : `shown:\n${shown}\nprinted:\n${printed}`;
}
