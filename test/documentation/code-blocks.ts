/** A fenced block of a page; `info` is the text after the fence, such as `sh runs`. */
export interface CodeBlock {
  info: string;
  code: string;
  /** The line of the fence, from 1. */
  line: number;
}

/** The fenced blocks of a Markdown text, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map((found) => ({
    info: (found[1] ?? '').trim(),
    code: found[2] ?? '',
    line: markdown.slice(0, found.index).split('\n').length,
  }));
}
