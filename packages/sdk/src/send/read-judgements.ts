import type { Judgement } from './transport.ts';

/** Reads the server's `results`, one per event sent; undefined when the answer is anything else. */
export function readJudgements(text: string, count: number): readonly Judgement[] | undefined {
  const body = parseJson(text);
  if (typeof body !== 'object' || body === null || !('results' in body)) return undefined;
  const { results } = body;
  if (!Array.isArray(results) || results.length !== count) return undefined;
  const judgements = results.map(judgementIn).filter((judgement) => judgement !== undefined);
  return judgements.length === count ? judgements : undefined;
}

function judgementIn(result: unknown): Judgement | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  if ('error' in result) return { state: 'rejected', rejection: rejectionIn(result.error) };
  if (!('index' in result) || typeof result.index !== 'number') return undefined;
  const leafHash = 'leafHash' in result && typeof result.leafHash === 'string' ? result.leafHash : '';
  return { state: 'sequenced', index: result.index, leafHash };
}

function rejectionIn(error: unknown): { code: string; field: string; message: string } {
  if (typeof error !== 'object' || error === null)
    return { code: 'rejected', field: '', message: String(error) };
  return {
    code: 'code' in error ? String(error.code) : 'rejected',
    field: 'field' in error ? String(error.field) : '',
    message: 'message' in error ? String(error.message) : 'rejected',
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
