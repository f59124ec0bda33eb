const base64Run = /(?<![A-Za-z\d+/_-])[A-Za-z\d+/_-]{12,}={0,2}/g;
const pieceMinChars = 12;

/** Redacts base64 and percent-encoded parts of `text` if `redact` changes their decoded text. */
export function redactEncoded(text: string, redact: (inner: string) => string): string {
  const plain = text.replace(base64Run, (run) => {
    if (isSecretInside(run, redact)) return '[redacted:base64]';
    if (!run.includes('/')) return run;
    // In a path, the slashes may separate several encoded pieces.
    return run
      .split('/')
      .map((piece) =>
        piece.length >= pieceMinChars && isSecretInside(piece, redact) ? '[redacted:base64]' : piece,
      )
      .join('/');
  });
  return plain.includes('%') ? redactPercent(plain, redact) : plain;
}

function isSecretInside(run: string, redact: (inner: string) => string): boolean {
  // A run in one case only is an English word or a hash, not the base64 of a text.
  if (!/[A-Z]/.test(run) || !/[a-z\d]/.test(run)) return false;
  const bytes = Buffer.from(run, 'base64');
  if (!looksLikeText(bytes)) return false;
  const inner = bytes.toString('utf8');
  return !inner.includes('\ufffd') && redact(inner) !== inner;
}

function looksLikeText(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, 24);
  for (let i = 0; i < length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < 9 || (byte > 13 && byte < 32) || byte === 127) return false;
  }
  return length > 0;
}

function redactPercent(text: string, redact: (inner: string) => string): string {
  if (!/%[\da-f]{2}/i.test(text)) return text;
  // Only well-formed sequences are decoded, so that a single wrong % does not keep the rest from being searched.
  const decoded = text.replace(/(?:%[\da-f]{2})+/gi, (sequence) => {
    try {
      return decodeURIComponent(sequence);
    } catch {
      return sequence;
    }
  });
  if (decoded === text) return text;
  const redacted = redact(decoded);
  return redacted === decoded ? text : redacted;
}
