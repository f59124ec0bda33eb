/** Signs notes. `algorithm` is the signature type byte of C2SP signed-note; `publicKey` is encoded as in the vkey. */
export interface Signer {
  readonly name: string;
  readonly keyId: number;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
  /** Signs the note text (UTF-8, its last newline included); may ask a remote key store. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** Verifies with a known key. Name and key id together say which signature lines belong to it. */
export interface Verifier {
  readonly name: string;
  readonly keyId: number;
  readonly algorithm: number;
  /** Whether `signature` (without the key id) is this key's over the note text. Never throws. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}
