import { isUtf8 } from 'node:buffer';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { readEvents, type ReadEvent } from '@bitacora/event';
import { AuditError } from '../audit-error.ts';

export interface Body {
  bytes: Buffer;
  /** Content-Type and Content-Encoding as sent. */
  contentType: string | undefined;
  contentEncoding: string | undefined;
}

export const bodyLimits = {
  /** As sent. */
  bodyMaxBytes: 16 * 1024 * 1024,
  /** After gunzip: a small body that inflates to more is refused. */
  inflatedMaxBytes: 64 * 1024 * 1024,
};

const inflate = promisify(gunzip);

/**
 * The events of a request body, each as a value or a rejection of its own.
 * @throws AuditError malformed_body with the byte position, body_too_large, unsupported_media_type
 */
export async function readBody(body: Body): Promise<readonly ReadEvent[]> {
  const format = formatOf(body.contentType);
  const bytes = await inflated(body);
  if (!isUtf8(bytes)) {
    const position = utf8ErrorAt(bytes);
    throw new AuditError('malformed_body', {
      detail: `the body is not UTF-8 at byte ${position}`,
      parameter: 'body',
      position,
    });
  }
  const reading = readEvents(bytes.toString('utf8'), format);
  if (reading.ok) {
    if (reading.events.length === 0)
      throw new AuditError('malformed_body', { detail: 'the body has no event', parameter: 'body' });
    return reading.events;
  }
  const { rejection } = reading;
  throw new AuditError(rejection.code === 'too_many_events' ? 'body_too_large' : 'malformed_body', {
    detail:
      rejection.position === undefined
        ? rejection.message
        : `${rejection.message} at byte ${rejection.position}`,
    parameter: 'body',
    ...(rejection.position === undefined ? {} : { position: rejection.position }),
  });
}

function formatOf(contentType: string | undefined): 'json' | 'ndjson' {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? 'application/json';
  if (type === 'application/json') return 'json';
  if (/^application\/(x-ndjson|ndjson|jsonl|x-jsonlines)$/.test(type)) return 'ndjson';
  throw new AuditError('unsupported_media_type', {
    detail: `send application/json or application/x-ndjson, not ${type.slice(0, 100)}`,
    parameter: 'Content-Type',
  });
}

async function inflated(body: Body): Promise<Buffer> {
  const encoding = body.contentEncoding?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return body.bytes;
  if (encoding !== 'gzip') {
    throw new AuditError('unsupported_media_type', {
      detail: 'only gzip is accepted as Content-Encoding',
      parameter: 'Content-Encoding',
    });
  }
  try {
    return await inflate(body.bytes, { maxOutputLength: bodyLimits.inflatedMaxBytes });
  } catch (error) {
    if (
      error instanceof RangeError ||
      (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
    ) {
      throw new AuditError('body_too_large', {
        detail: `more than ${bodyLimits.inflatedMaxBytes} bytes when inflated`,
        parameter: 'body',
      });
    }
    throw new AuditError('malformed_body', {
      detail: 'the body is not gzip',
      parameter: 'body',
      cause: error,
    });
  }
}

const blockBytes = 65_536;

/** Offset of the first byte that belongs to no valid sequence. Skips valid blocks first, then checks sequence by sequence. */
function utf8ErrorAt(bytes: Buffer): number {
  let at = 0;
  for (let end = blockBytes; end < bytes.length; end = at + blockBytes) {
    // The block must end between two characters, or a valid text would look invalid.
    for (let back = 0; back < 3 && isContinuation(bytes[end]); back++) end--;
    if (!isUtf8(bytes.subarray(at, end))) break;
    at = end;
  }
  for (;;) {
    const end = at + sequenceBytes(bytes[at]);
    if (end === at || end > bytes.length || !isUtf8(bytes.subarray(at, end))) return at;
    at = end;
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** The number of bytes of a character that begins with this byte; 0 when no character begins with it. */
function sequenceBytes(first: number | undefined): number {
  if (first === undefined) return 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
