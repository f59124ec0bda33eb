import { createEd25519Verifier, type Verifier } from '@bitacora/tlog';
import type { Audit } from '../audit.ts';
import { timerMaxMs } from '../host/timer-max.ts';
import type { LedgerProblem } from './verdict.ts';
import { readerAddress, refusalsOf } from '../settings/reader-options.ts';

const refuseUnless = refusalsOf('watchLedger');

export interface WatchOptions {
  /** The server's base. Absent: the environment's BITACORA_URL. */
  readonly url?: string;
  /** An API key with the scope read. Absent: the environment's BITACORA_API_KEY. */
  readonly key?: string;
  readonly ledger: string;
  /** What `GET /v1/tlog/{ledger}/key` answered once; compare it with the operator by another way and keep it in the host's configuration. */
  readonly verifierKey: string;
  /** Where the newest checkpoint is kept. Made when absent, readable by its owner only. Processes may share one. */
  readonly directory: string;
  /** The time between two checks (60 s). */
  readonly everyMs?: number;
  /** Receipts that wait for a checkpoint (1,000); of more, a random choice is kept. */
  readonly receiptsMax?: number;
  /** A receipt that no checkpoint covers after this is a problem (60 s). */
  readonly receiptWithinMs?: number;
  /** It is a problem when nothing could be compared for this long (1 h). */
  readonly silentAfterMs?: number;
  /** No request takes longer (30 s). */
  readonly requestTimeoutMs?: number;
  /** An audit that sends to this ledger only; its last receipt is verified at each check. */
  readonly audit?: Pick<Audit, 'health'>;
  /** Called once per problem. What it throws is ignored. */
  readonly onProblem: (problem: LedgerProblem) => void;
}

const limitDefaults = {
  everyMs: 60_000,
  receiptsMax: 1_000,
  receiptWithinMs: 60_000,
  silentAfterMs: 3_600_000,
  requestTimeoutMs: 30_000,
};

export type WatchSettings = typeof limitDefaults &
  Required<Pick<WatchOptions, 'url' | 'key' | 'ledger' | 'directory' | 'onProblem'>> & {
    readonly verifier: Verifier;
    readonly audit: WatchOptions['audit'];
  };

/** Fills in environment and limits. TypeError that names the option for what cannot work. */
export function watchSettings(
  options: WatchOptions,
  environment: NodeJS.ProcessEnv = process.env,
): WatchSettings {
  const { ledger, directory, onProblem, audit } = options;
  const { url, key } = readerAddress(options, environment, refuseUnless);
  refuseUnless(typeof ledger === 'string' && ledger !== '', 'ledger', 'the name of a ledger');
  refuseUnless(typeof directory === 'string' && directory !== '', 'directory', 'the path of a directory');
  refuseUnless(typeof onProblem === 'function', 'onProblem', 'a function');
  const verifier = createEd25519Verifier(String(options.verifierKey).trim());
  if (!verifier.ok)
    throw new TypeError(
      `watchLedger: verifierKey: what GET /v1/tlog/{ledger}/key answers, such as log.example/acme+…; this one is refused: ${verifier.reason}`,
    );
  return {
    ...limitsOf(options),
    url,
    key,
    ledger,
    directory,
    onProblem,
    audit,
    verifier: verifier.value,
  };
}

function limitsOf(options: WatchOptions): typeof limitDefaults {
  const amount = (name: keyof typeof limitDefaults): number => {
    const value = options[name] ?? limitDefaults[name];
    refuseUnless(typeof value === 'number' && value >= 1, name, 'a number of at least 1');
    return value;
  };
  return {
    everyMs: Math.min(amount('everyMs'), timerMaxMs),
    receiptsMax: amount('receiptsMax'),
    receiptWithinMs: amount('receiptWithinMs'),
    silentAfterMs: amount('silentAfterMs'),
    requestTimeoutMs: amount('requestTimeoutMs'),
  };
}
