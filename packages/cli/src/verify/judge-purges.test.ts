import { entryJson, purgeEvent, type AuditEvent, type PurgeNotice } from '@bitacora/event';
import {
  createEd25519Signer,
  createEd25519Verifier,
  encodeBase64,
  formatCheckpoint,
  formatProofFile,
  formatVerifierKey,
  leafHash,
  signNote,
} from '@bitacora/tlog';
import { expect, test } from 'vitest';
import { CliError } from '../cli-error.ts';
import { judgePurges, type PurgeTrust } from './judge-purges.ts';

const ledger = 'acme.doors';
const origin = 'log.example/acme.audit';
const signer = createEd25519Signer({ name: origin, seed: new Uint8Array(32).fill(9) });
const verifier = createEd25519Verifier(formatVerifierKey(signer));
if (!verifier.ok) throw new Error(verifier.reason);
const trust: PurgeTrust = { ledger, auditVerifier: verifier.value };
const root = new Uint8Array(32).fill(4);

type Act = Pick<AuditEvent, 'action' | 'operation' | 'targets' | 'attributes'>;
interface Proved {
  index: number;
  entry: string;
  proof: string;
}

/** An entry that is alone in its log, with its proof. */
async function prove(act: Act, ingestedAt: string, by = signer): Promise<Proved> {
  const actor = { type: 'service', id: 'retention' } as const;
  const open = { id: '019ca6b1-dc00-7000-8000-000000000001', actor, ...act };
  const entry = entryJson({ ledger: 'acme.audit', ingestedAt, open, commitments: { text: 'A'.repeat(43) } });
  const note = formatCheckpoint({ origin, size: 1, root: leafHash(Buffer.from(entry)) });
  const checkpoint = await signNote(note, [by]);
  return { index: 0, entry, proof: formatProofFile({ index: 0, proof: [], checkpoint }) };
}

const created = (retentionDays: number | null, ingestedAt = '2026-01-01T00:00:00.000Z'): Promise<Proved> =>
  prove(
    {
      action: 'ledger.create',
      operation: 'create',
      targets: [{ type: 'ledger', id: ledger }],
      attributes: { retentionDays },
    },
    ingestedAt,
  );

const removed: PurgeNotice = {
  ledger,
  firstIndex: 0,
  endIndex: 10,
  root: encodeBase64(root),
  retentionDays: 30,
  ingestedFrom: '2026-01-02T00:00:00.000Z',
  ingestedTo: '2026-01-03T00:00:00.000Z',
};
const announced = (
  changed: Partial<PurgeNotice> = {},
  ingestedAt = '2026-02-03T00:00:00.000Z',
): Promise<Proved> => prove(purgeEvent({ ...removed, ...changed }), ingestedAt);

interface Purge {
  firstIndex: number;
  endIndex: number;
  notice: Proved | null;
}

const judge = (
  minimumIndex: number,
  { period, purges }: { period: Proved | null; purges: readonly Purge[] },
): ReturnType<typeof judgePurges> => judgePurges(JSON.stringify({ minimumIndex, period, purges }), trust);

test('nothing is purged where nothing is stated', () => {
  const nothing = { minimumIndex: 0, accountedBelow: 0, notices: [], roots: [] };
  expect(judgePurges(undefined, trust)).toMatchObject(nothing);
  expect(judge(0, { period: null, purges: [] })).toMatchObject(nothing);
});

test('purges that signed events announce are accounted for', async () => {
  const purges = [
    { firstIndex: 0, endIndex: 10, notice: await announced() },
    { firstIndex: 10, endIndex: 30, notice: await announced({ firstIndex: 10, endIndex: 30 }) },
  ];
  expect(judge(30, { period: await created(30), purges })).toMatchObject({
    minimumIndex: 30,
    accountedBelow: 30,
    reason: undefined,
    roots: [{ size: 10 }, { size: 30, root }],
  });
});

test('a purge without the evidence for it does not count, and the reason is named', async () => {
  const [period, notice] = [await created(30), await announced()];
  const other = createEd25519Signer({ name: origin, seed: new Uint8Array(32).fill(8) });
  const purge = { firstIndex: 0, endIndex: 10 };
  const forged = { ...notice, entry: notice.entry.replace('"endIndex":10', '"endIndex":11') };
  const cases: readonly (readonly [string, Proved | null, readonly Purge[]])[] = [
    ['no purge is recorded there', period, []],
    ['no purge is recorded there', period, [{ ...purge, firstIndex: 1, notice }]],
    ['no signed event announces', period, [{ ...purge, notice: null }]],
    ['no signed event announces', period, [{ ...purge, notice: forged }]],
    [
      'no signed event announces',
      period,
      [{ ...purge, notice: await prove(purgeEvent(removed), '2026-02-03T00:00:00.000Z', other) }],
    ],
    ["states the ledger's period", null, [{ ...purge, notice }]],
    ['is another one', await announced(), [{ ...purge, notice }]],
    ['is another one', period, [{ ...purge, notice: period }]],
    ['is another one', period, [{ ...purge, notice: await announced({ ledger: 'acme' }) }]],
    ['keeps for ever', await created(null), [{ ...purge, notice }]],
    ['keeps 90 days', await created(90), [{ ...purge, notice }]],
    ['after they were stored', await created(30, '2026-01-04T00:00:00.000Z'), [{ ...purge, notice }]],
    ['was not 30 days old', period, [{ ...purge, notice: await announced({}, '2026-02-01T00:00:00.000Z') }]],
    ['was not 30 days old', period, [{ ...purge, notice: await announced({ ingestedTo: 'never' }) }]],
    ['names other entries', period, [{ ...purge, notice: await announced({ endIndex: 11 }) }]],
    ['names other entries', period, [{ ...purge, notice: await announced({ root: 'AAAA' }) }]],
  ];
  for (const [reason, stated, purges] of cases) {
    const judged = judge(10, { period: stated, purges });
    expect(judged, reason).toMatchObject({ accountedBelow: 0, reason: expect.stringContaining(reason) });
  }
});

test('a gap between purges is not accounted for', async () => {
  const purges = [
    { firstIndex: 0, endIndex: 10, notice: await announced() },
    { firstIndex: 20, endIndex: 30, notice: await announced({ firstIndex: 20, endIndex: 30 }) },
  ];
  expect(judge(30, { period: await created(30), purges })).toMatchObject({
    accountedBelow: 10,
    reason: 'no purge is recorded there',
  });
});

test.each(['', '7', '{}', '{"minimumIndex":-1,"purges":[]}', '{"minimumIndex":1}'])(
  '%j is no statement and is refused',
  (text) => expect(() => judgePurges(text, trust)).toThrow(CliError),
);
