import { mkdirSync } from 'node:fs';
import type { Audit } from '../audit.ts';
import type { AuditOptions } from '../settings/audit-options.ts';
import { closeOnExit } from './close-on-exit.ts';
import { disabledAudit } from './disabled-audit.ts';
import { openAudit } from './open-audit.ts';
import { openedOnce } from './opened-audits.ts';
import { hasCode } from '../host/has-code.ts';
import { settingsOf } from '../settings/settings.ts';

/**
 * Connects an application to its audit trail. Throws a TypeError that names an option that cannot work; nothing throws
 * afterwards. A second call with the same options returns the same audit with a warning, also in another copy of this package.
 */
export function createAudit(options: AuditOptions = {}): Audit {
  if (options.disabled === true) return disabledAudit;
  const settings = settingsOf(options);
  if (settings.spool !== undefined) makeDirectory(settings.spool.directory);
  return openedOnce(options, (forget) => {
    let release: () => void = () => undefined;
    const { audit, spillNow } = openAudit(settings, () => {
      forget();
      release();
    });
    if (settings.closeOnExitMs !== undefined)
      release = closeOnExit({
        audit,
        spillNow,
        timeoutMs: settings.closeOnExitMs,
        spools: settings.spool !== undefined,
      });
    return audit;
  });
}

/** A full disk does not keep the application from starting: the error is reported when an event comes. */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    if (hasCode(cause, 'ENOSPC')) return;
    throw new TypeError(`createAudit: spool.directory: cannot be made: ${String(cause)}`, { cause });
  }
}
