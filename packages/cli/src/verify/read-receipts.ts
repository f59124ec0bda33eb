import { decodeBase64, type Receipt } from '@bitacora/tlog';
import { CliError } from '../cli-error.ts';

/**
 * The receipts in a file: an answer of `POST /v1/events`, one `{id, index, leafHash}`, a list of them, or NDJSON of any of
 * these. Rejected events have no receipt. Throws `CliError` when there is none at all, or one is malformed.
 */
export function readReceipts(text: string, file: string): Receipt[] {
  const receipts = parsed(text, file).flatMap((value) => receiptsIn(value, file));
  if (receipts.length === 0) throw new CliError(`${file}: no receipt in it`);
  return receipts;
}

function parsed(text: string, file: string): unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    try {
      return lines.map((line): unknown => JSON.parse(line));
    } catch {
      throw new CliError(`${file}: not JSON`);
    }
  }
}

function receiptsIn(value: unknown, file: string): Receipt[] {
  if (Array.isArray(value)) return value.flatMap((member) => receiptsIn(member, file));
  if (typeof value !== 'object' || value === null) throw new CliError(`${file}: not a receipt`);
  if ('results' in value) return receiptsIn(value.results, file);
  if ('error' in value) return [];
  const index = 'index' in value ? value.index : undefined;
  const leafHash =
    'leafHash' in value && typeof value.leafHash === 'string' ? decodeBase64(value.leafHash) : undefined;
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0 || leafHash?.length !== 32) {
    throw new CliError(`${file}: not a receipt: index and leafHash (32 bytes in base64) are needed`);
  }
  return [{ index, leafHash }];
}
