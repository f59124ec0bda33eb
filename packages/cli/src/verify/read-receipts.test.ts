import { expect, test } from 'vitest';
import { CliError } from '../cli-error.ts';
import { readReceipts } from './read-receipts.ts';

const leafHash = Buffer.alloc(32, 7).toString('base64');
const receipt = { id: 'x', index: 5, leafHash };

test.each([
  ['a single receipt', JSON.stringify(receipt), 1],
  ['an answer with a rejected event', JSON.stringify({ accepted: 1, results: [receipt, { error: {} }] }), 1],
  ['a list', JSON.stringify([receipt, receipt]), 2],
  ['lines of answers', `${JSON.stringify({ results: [receipt] })}\n\n${JSON.stringify(receipt)}\n`, 2],
])('%s is read', (_, text, count) => {
  const receipts = readReceipts(text, 'f');
  expect(receipts).toHaveLength(count);
  expect(receipts[0]).toEqual({ index: 5, leafHash: new Uint8Array(32).fill(7) });
});

test.each(['', '{}', '[]', 'nonsense', '{"results":[{"error":{}}]}', '{"index":-1,"leafHash":"AA=="}', '7'])(
  '%j is refused, because it holds no receipt',
  (text) => expect(() => readReceipts(text, 'f')).toThrow(CliError),
);
