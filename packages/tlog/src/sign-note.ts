import { formatNote } from './signed-note.ts';
import type { Signer } from './signer.ts';

/** Signs a text (with its final newline) by each signer in turn; the whole note. RangeError when the text fits no note. */
export async function signNote(text: string, signers: readonly Signer[]): Promise<string> {
  const message = new TextEncoder().encode(text);
  const signatures = await Promise.all(
    signers.map(async (signer) => ({
      name: signer.name,
      keyId: signer.keyId,
      signature: await signer.sign(message),
    })),
  );
  return formatNote({ text, signatures });
}
