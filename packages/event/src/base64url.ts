const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Base64url without padding (RFC 4648 section 5). */
export function base64url(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const [first = 0, second = 0, third = 0] = bytes.subarray(i, i + 3);
    const bits = (first << 16) | (second << 8) | third;
    const letters = Math.min(4, bytes.length - i + 1);
    for (let n = 0; n < letters; n++) text += LETTERS.charAt((bits >> (18 - 6 * n)) & 63);
  }
  return text;
}
