import type { KeyObject } from 'node:crypto';
import { modes, type Mode } from '../audit.ts';
import { timerMaxMs } from '../host/timer-max.ts';
import type { AuditOptions, SpoolOptions } from './audit-options.ts';
import type { SdkError } from '../sdk-error.ts';
import { parseSpoolKey } from '../spool/spool-key.ts';

type Limits = Required<
  Pick<
    AuditOptions,
    | 'batchEventsMax'
    | 'batchBytesMax'
    | 'batchAfterMs'
    | 'pendingBytesMax'
    | 'tenantsMax'
    | 'gzipAboveBytes'
    | 'requestTimeoutMs'
    | 'strictTimeoutMs'
    | 'retryWaitMinMs'
    | 'retryWaitMaxMs'
    | 'reportEveryMs'
  >
>;

/** The options with the environment and every limit filled in. */
export interface Settings extends Limits {
  /** Without a URL nothing is sent over HTTP. */
  readonly url: string | undefined;
  readonly key: string;
  readonly keyOf: AuditOptions['keyOf'];
  readonly ledger: string | undefined;
  readonly name: string;
  readonly mode: Mode;
  readonly modeOf: ReadonlyMap<string, Mode>;
  readonly spool: (Required<Omit<SpoolOptions, 'key'>> & { readonly key: KeyObject | undefined }) | undefined;
  readonly transport: AuditOptions['transport'];
  readonly redact: NonNullable<AuditOptions['redact']>;
  readonly debug: boolean;
  readonly closeOnExitMs: number | undefined;
  readonly onError: NonNullable<AuditOptions['onError']>;
  readonly onDrop: NonNullable<AuditOptions['onDrop']>;
  readonly clock: () => number;
}

const limitDefaults: Limits = {
  batchEventsMax: 500,
  batchBytesMax: 1_048_576,
  batchAfterMs: 1_000,
  pendingBytesMax: 33_554_432,
  tenantsMax: 1_000,
  gzipAboveBytes: 2_048,
  requestTimeoutMs: 30_000,
  strictTimeoutMs: 10_000,
  retryWaitMinMs: 1_000,
  retryWaitMaxMs: 60_000,
  reportEveryMs: 30_000,
};
const spoolDefaults = { bytesMax: 268_435_456, segmentBytesMax: 8_388_608, whenFull: 'reject' } as const;
const nameDefault = 'application';
const closeOnExitDefaultMs = 5_000;

/** Fills in environment and defaults. Throws a TypeError that names an option that cannot work: nothing throws after the start. */
export function settingsOf(options: AuditOptions, environment: NodeJS.ProcessEnv = process.env): Settings {
  refuseUnknown('', options, optionNames);
  const { ledger, name = nameDefault, mode = 'best_effort', transport } = options;
  const sends =
    transport === undefined && !(options.debug === true && urlOf(options, environment) === undefined);
  refuseUnless(!('name' in options) || isText(name, 200), 'name', 'a text of 1 to 200 characters');
  refuseUnless(ledger === undefined || isText(ledger, 200), 'ledger', 'the name of a ledger');
  refuseUnless(modes.includes(mode), 'mode', `one of ${modes.join(', ')}`);
  for (const callback of ['keyOf', 'transport', 'onError', 'onDrop', 'clock'] as const)
    refuseUnless(isAbsentOr('function', options[callback]), callback, 'a function');
  for (const flag of ['disabled', 'debug'] as const)
    refuseUnless(isAbsentOr('boolean', options[flag]), flag, 'true or false');
  refuseUnless(isAbsentOr('object', options.redact), 'redact', 'an object');
  const spool = spoolOf(options.spool);
  const modeOf = modeOfActions(options.modeOf);
  if ([mode, ...modeOf.values()].includes('durable'))
    refuseUnless(
      spool !== undefined,
      'spool',
      'mode durable needs a directory, such as { directory: "/var/spool/audit" }',
    );
  return {
    ...limitsOf(options),
    url: sends ? urlNeeded(urlOf(options, environment)) : undefined,
    key: sends ? keyNeeded(options, environment) : '',
    keyOf: options.keyOf,
    ledger,
    name,
    mode,
    modeOf,
    spool,
    transport,
    redact: options.redact ?? {},
    debug: options.debug ?? false,
    closeOnExitMs: closeOnExitOf(options.closeOnExit),
    onError: options.onError ?? warnOnce,
    onDrop: options.onDrop ?? (() => undefined),
    clock: options.clock ?? Date.now,
  };
}

const optionNames: readonly string[] = [
  ...Object.keys(limitDefaults),
  'url',
  'key',
  'keyOf',
  'ledger',
  'name',
  'mode',
  'modeOf',
  'spool',
  'transport',
  'redact',
  'disabled',
  'debug',
  'closeOnExit',
  'onError',
  'onDrop',
  'clock',
];

function limitsOf(options: AuditOptions): Limits {
  const limits: { -readonly [Name in keyof Limits]: number } = { ...limitDefaults };
  for (const name of keysOf(limitDefaults)) {
    const value = options[name];
    if (value === undefined) continue;
    refuseUnless(isAmount(value), name, 'a number of at least 0');
    limits[name] = name.endsWith('Ms') ? Math.min(value, timerMaxMs) : value;
  }
  return { ...limits, batchEventsMax: Math.max(1, limits.batchEventsMax) };
}

function urlOf(options: AuditOptions, environment: NodeJS.ProcessEnv): string | undefined {
  return options.url ?? environment['BITACORA_URL'];
}

function urlNeeded(url: unknown): string {
  refuseUnless(
    typeof url === 'string',
    'url',
    "the server's address, such as http://localhost:4000, here or as BITACORA_URL",
  );
  refuseUnless(
    /^https?:\/\//.test(url) && URL.canParse(url),
    'url',
    `an http(s) URL instead of ${JSON.stringify(url)}`,
  );
  return url.replace(/\/+$/, '');
}

function keyNeeded(options: AuditOptions, environment: NodeJS.ProcessEnv): string {
  const key: unknown = options.key ?? environment['BITACORA_API_KEY'];
  if (key === undefined && options.keyOf !== undefined) return '';
  refuseUnless(
    typeof key === 'string' && key.trim() !== '',
    'key',
    'an API key with the scope ingest, here or as BITACORA_API_KEY',
  );
  refuseUnless(/^[\x21-\x7e]+$/.test(key), 'key', 'an API key without spaces and line ends');
  return key;
}

function spoolOf(spool: SpoolOptions | undefined): Settings['spool'] {
  if (spool === undefined) return undefined;
  refuseUnless(typeof spool === 'object' && spool !== null, 'spool', 'an object such as { directory }');
  refuseUnknown('spool.', spool, ['directory', 'key', ...Object.keys(spoolDefaults)]);
  const { directory, key: given, ...rest } = spool;
  refuseUnless(isText(directory, 4_096), 'spool.directory', 'the path of a directory');
  const filled = { ...spoolDefaults, ...rest };
  refuseUnless(isAmount(filled.bytesMax), 'spool.bytesMax', 'a number of at least 0');
  refuseUnless(isAmount(filled.segmentBytesMax), 'spool.segmentBytesMax', 'a number of at least 0');
  refuseUnless(
    ['reject', 'best_effort'].includes(filled.whenFull),
    'spool.whenFull',
    'reject or best_effort',
  );
  const key = parseSpoolKey(given);
  refuseUnless(
    key !== undefined || !('key' in spool),
    'spool.key',
    '32 bytes, as a Buffer or as base64 or hex text',
  );
  return { directory, ...filled, key };
}

function modeOfActions(modeOf: AuditOptions['modeOf']): ReadonlyMap<string, Mode> {
  refuseUnless(isAbsentOr('object', modeOf), 'modeOf', 'an object of actions and modes');
  const entries = Object.entries(modeOf ?? {});
  for (const [action, mode] of entries)
    refuseUnless(modes.includes(mode), `modeOf["${action}"]`, `one of ${modes.join(', ')}`);
  return new Map(entries);
}

function closeOnExitOf(closeOnExit: AuditOptions['closeOnExit']): number | undefined {
  if (closeOnExit === undefined || closeOnExit === false) return undefined;
  if (closeOnExit === true) return closeOnExitDefaultMs;
  refuseUnless(isAmount(closeOnExit), 'closeOnExit', 'true, false or milliseconds');
  return closeOnExit;
}

function refuseUnknown(prefix: string, options: object, names: readonly string[]): void {
  for (const name of Object.keys(options))
    refuseUnless(names.includes(name), `${prefix}${name}`, `no such option; there are ${names.join(', ')}`);
}

function refuseUnless(valid: boolean, name: string, needed: string): asserts valid {
  if (!valid) throw new TypeError(`createAudit: ${name}: ${needed}`);
}

const warnedOf = new Set<string>();

/** The default of `onError`, so that a host without one learns, for instance, that its key is wrong. Warns once per kind of error. */
function warnOnce({ code, message }: SdkError): void {
  if (warnedOf.has(code)) return;
  warnedOf.add(code);
  process.emitWarning(`${message} (more of this kind go to the option onError only)`, {
    type: 'BitacoraWarning',
    code: `BITACORA_${code.toUpperCase()}`,
  });
}

function isText(value: unknown, lengthMax: number): value is string {
  return typeof value === 'string' && value.trim() !== '' && value.length <= lengthMax;
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}

function isAbsentOr(type: string, value: unknown): boolean {
  return value === undefined || (typeof value === type && value !== null);
}

function keysOf(limits: Limits): readonly (keyof Limits)[] {
  return Object.keys(limits).filter((name): name is keyof Limits => name in limits);
}
