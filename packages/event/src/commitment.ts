import { base64url } from './base64url.ts';
import { EventError } from './event-error.ts';
import type { GroupName } from './personal.ts';

const SALT_BYTES = 16;
const encoder = new TextEncoder();

/** `salt` is 16 random bytes of this group alone, `canonical` the canonical JSON of the group's values. */
export type CommitmentInput = {
  readonly salt: Uint8Array;
  readonly group: GroupName;
  readonly canonical: string;
};

/**
 * The bytes whose SHA-256 is a group's commitment: 0x02 ‖ salt ‖ length of the group's name (two bytes, big endian) ‖
 * name ‖ canonical UTF-8. 0x02 keeps them apart from the tree's leaves (0x00) and nodes (0x01).
 */
export function commitmentPreimage(input: CommitmentInput): Uint8Array<ArrayBuffer> {
  if (input.salt.length !== SALT_BYTES) throw new EventError('invalid_salt');
  const name = encoder.encode(input.group);
  const canonical = encoder.encode(input.canonical);
  const preimage = new Uint8Array(1 + SALT_BYTES + 2 + name.length + canonical.length);
  preimage[0] = 2;
  preimage.set(input.salt, 1);
  preimage[17] = name.length >> 8;
  preimage[18] = name.length & 0xff;
  preimage.set(name, 19);
  preimage.set(canonical, 19 + name.length);
  return preimage;
}

/** Whether `commitment` (base64url, from the entry) was made of these values of a group. */
export function openCommitment(
  input: CommitmentInput & {
    readonly commitment: string;
    readonly sha256: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
  },
): boolean {
  return base64url(input.sha256(commitmentPreimage(input))) === input.commitment;
}
