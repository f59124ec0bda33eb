import { from as copyFrom } from 'pg-copy-streams';
import type { Client } from './database.ts';

const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const trailer = Buffer.from([0xff, 0xff]);

/** Rows in PostgreSQL's binary COPY format. A row is `start(columns)` and then one call per column. */
export interface CopyBuffer {
  start(columns: number): void;
  int2(value: number): void;
  int4(value: number): void;
  int8(value: number): void;
  /** Milliseconds since 1970. */
  timestamp(ms: number): void;
  /** 32 hexadecimal digits with dashes. */
  uuid(text: string): void;
  text(value: string): void;
  bytes(value: Uint8Array): void;
  finish(): Buffer;
}

const epochMs = Date.UTC(2000, 0, 1);

/** A buffer that grows as needed. With a good `bytesExpected` it never has to grow. */
export function createCopyBuffer(bytesExpected: number): CopyBuffer {
  let buffer = Buffer.allocUnsafe(Math.max(1024, bytesExpected));
  let length = header.copy(buffer);
  const makeRoom = (bytes: number): void => {
    if (length + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, length + bytes));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  };
  const int8 = (value: number): void => {
    makeRoom(12);
    length = buffer.writeInt32BE(8, length);
    length = buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), length);
    length = buffer.writeUInt32BE(value >>> 0, length);
  };
  return {
    start(columns) {
      makeRoom(2);
      length = buffer.writeInt16BE(columns, length);
    },
    int2(value) {
      makeRoom(6);
      length = buffer.writeInt16BE(value, buffer.writeInt32BE(2, length));
    },
    int4(value) {
      makeRoom(8);
      length = buffer.writeInt32BE(value, buffer.writeInt32BE(4, length));
    },
    int8,
    timestamp(ms) {
      int8((ms - epochMs) * 1000);
    },
    uuid(text) {
      makeRoom(20);
      length = buffer.writeInt32BE(16, length);
      length += buffer.write(text.replaceAll('-', ''), length, 'hex');
    },
    text(value) {
      makeRoom(4 + value.length * 3);
      const bytes = buffer.write(value, length + 4, 'utf8');
      buffer.writeInt32BE(bytes, length);
      length += 4 + bytes;
    },
    bytes(value) {
      makeRoom(4 + value.length);
      length = buffer.writeInt32BE(value.length, length);
      buffer.set(value, length);
      length += value.length;
    },
    finish() {
      makeRoom(2);
      length += trailer.copy(buffer, length);
      return buffer.subarray(0, length);
    },
  };
}

/** Streams a finished buffer into `target` ("table (columns)"), in the caller's transaction. */
export function copyRows(client: Client, target: string, rows: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(`copy ${target} from stdin (format binary)`));
    stream.once('error', reject);
    stream.once('finish', resolve);
    stream.end(rows);
  });
}
