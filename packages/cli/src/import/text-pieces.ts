import { isUtf8 } from 'node:buffer';

/**
 * A piece of a file's text. `damaged` is true from the first piece on that is not valid UTF-8; U+FFFD replaces wrong
 * bytes.
 */
export interface TextPiece {
  readonly text: string;
  readonly damaged: boolean;
}

/** Decodes UTF-8 without cutting characters between chunks, and without the byte order mark. */
export async function* textPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<TextPiece, void> {
  let rest: Buffer = Buffer.alloc(0);
  let damaged = false;
  let first = true;
  const decode = (bytes: Buffer): TextPiece => {
    damaged ||= !isUtf8(bytes);
    const text = bytes.toString('utf8');
    const marked = first && text.startsWith('\ufeff');
    first = false;
    return { text: marked ? text.slice(1) : text, damaged };
  };
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = wholeCharacters(bytes);
    rest = bytes.subarray(end);
    if (end > 0) yield decode(bytes.subarray(0, end));
  }
  if (rest.length > 0) yield decode(rest);
}

/** How many bytes form whole characters: a character that the end cuts off begins at most three bytes before it. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
