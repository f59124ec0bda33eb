import { expect, test } from 'vitest';
import { nodeSha256, numberedEntries, origin, publish, verifier } from '../test-kit/published-ledger.ts';
import { leafHash } from './leaf-hash.ts';
import { formatProofFile, parseProofFile } from './proof-file.ts';
import { proveInclusion } from './prove.ts';
import { tilePath } from './tile-path.ts';
import { createTileReader } from './tile-reader.ts';
import { verifyProofFile } from './verify-proof-file.ts';

const entries = numberedEntries(1_000);
const { files, checkpoints } = await publish(entries, [1_000]);
const reader = createTileReader((tile) => files.get(tilePath(tile)), { size: 1_000 });
const checkpoint = checkpoints[0] ?? '';
const proof = await proveInclusion(700, 1_000, reader);
const file = formatProofFile({ index: 700, proof, checkpoint });
const entryBytes = entries[700] ?? new Uint8Array(0);
const trust = { verifiers: [verifier], origin };

test('a proof file proves its entry, by bytes or leaf hash', () => {
  expect(verifyProofFile({ file, entryBytes, ...trust }, nodeSha256)).toMatchObject({
    ok: true,
    value: { index: 700, checkpoint: { size: 1_000, origin } },
  });
  expect(verifyProofFile({ file, leafHash: leafHash(entryBytes), ...trust }).ok).toBe(true);
});

test('the file is laid out as C2SP tlog-proof says, extra data included', () => {
  const extra = Uint8Array.of(1, 2, 3);
  const withExtra = formatProofFile({ index: 700, proof, checkpoint, extra });
  expect(withExtra.split('\n').slice(0, 3)).toEqual(['c2sp.org/tlog-proof@v1', 'extra AQID', 'index 700']);
  expect(withExtra.endsWith(`\n\n${checkpoint}`)).toBe(true);
  expect(verifyProofFile({ file: withExtra, entryBytes, ...trust })).toMatchObject({
    ok: true,
    value: { extra },
  });
  expect(parseProofFile(file)).toEqual({ ok: true, value: { index: 700, proof, checkpoint } });
});

test.each([
  ['another entry', { entryBytes: new TextEncoder().encode('entry 701') }, 'rootMismatch'],
  ['another index', { file: file.replace('index 700', 'index 701') }, 'rootMismatch'],
  ['an index beyond the size', { file: file.replace('index 700', 'index 1000') }, 'indexOutOfRange'],
  ['another size', { file: file.replace('\n1000\n', '\n1001\n') }, 'badSignature'],
  ['another origin pinned', { origin: 'log.example/other' }, 'otherOrigin'],
  ['no key known', { verifiers: [] }, 'noKnownKey'],
  ['one hash less', { file: file.replace(/(index 700\n)[^\n]+\n/, '$1') }, 'proofLength'],
  ['a leading zero', { file: file.replace('index 700', 'index 0700') }, 'malformedIndex'],
  ['a short hash', { file: file.replace('index 700\n', 'index 700\nAAAA\n') }, 'malformedHash'],
  ['malformed extra data', { file: file.replace('index', 'extra AQI\nindex') }, 'malformedExtra'],
  ['another version', { file: file.replace('@v1', '@v2') }, 'unknownHeader'],
  ['no checkpoint', { file: file.slice(0, file.indexOf('\n\n') + 2) }, 'noCheckpoint'],
  ['a carriage return', { file: file.replaceAll('\n', '\r\n') }, 'noCheckpoint'],
])('a proof with %s proves nothing', (_, change, reason) => {
  expect(verifyProofFile({ file, entryBytes, ...trust, ...change })).toEqual({ ok: false, reason });
});

test('no single changed character of a proof file goes unnoticed', () => {
  for (let at = 0; at < file.length; at++) {
    const changed = `${file.slice(0, at)}${file[at] === 'A' ? 'B' : 'A'}${file.slice(at + 1)}`;
    const result = verifyProofFile({ file: changed, entryBytes, ...trust }, nodeSha256);
    if (result.ok) expect.fail(`position ${at}`);
  }
});
