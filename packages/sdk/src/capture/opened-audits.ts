import type { Audit } from '../audit.ts';
import type { AuditOptions } from '../settings/audit-options.ts';

interface Opened {
  readonly options: AuditOptions;
  readonly fingerprint: string;
  readonly audit: Audit;
}

// One list for all copies of this package in a process (ESM and CommonJS, duplicates in node_modules).
const key = Symbol.for('bitacora.opened-audits');
const registry: typeof globalThis & { [key]?: Set<Opened> } = globalThis;
const all = (registry[key] ??= new Set());

/** Returns the audit that was opened with the same options and is not closed, with a warning; else the one that `open` makes. */
export function openedOnce(options: AuditOptions, open: (forget: () => void) => Audit): Audit {
  const fingerprint = fingerprintOf(options);
  for (const opened of all) {
    if (opened.fingerprint !== fingerprint || !haveSameParts(opened.options, options)) continue;
    process.emitWarning(
      'createAudit was called again with the same options: the audit that is open is used',
      {
        code: 'BITACORA_AUDIT_TWICE',
      },
    );
    return opened.audit;
  }
  const opened: Opened = { options, fingerprint, audit: open(() => all.delete(opened)) };
  all.add(opened);
  return opened.audit;
}

function haveSameParts(a: AuditOptions, b: AuditOptions): boolean {
  return a.transport === b.transport && a.clock === b.clock;
}

// Callbacks are often written in place, so that each call has new functions. `onError` and `onDrop` are not compared; other
// functions, such as `keyOf`, are compared by their text.
function fingerprintOf({
  transport: _transport,
  clock: _clock,
  onError: _e,
  onDrop: _d,
  ...options
}: AuditOptions): string {
  const { BITACORA_URL: url, BITACORA_API_KEY: apiKey } = process.env;
  const named = { url, key: apiKey, ...options };
  return JSON.stringify(
    Object.entries(named).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    (_name, value: unknown) => (typeof value === 'function' ? String(value) : value),
  );
}
