import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAudit, type AuditOptions } from '@bitacora/sdk';

// A host application as a process of its own. What it knows goes to standard output at once, where a kill cannot
// take it back: one JSON text a line, an array of events that are done, or an object.

export interface HostPlan {
  audit: AuditOptions;
  /** The run, in each event as `attributes.run`. */
  run: string;
  /** The number of events. Absent: the host only sends what the spool has. */
  events?: number;
  /** Events that are captured at once, before a rest. */
  burst?: number;
  /** The time of the rest after each burst. */
  restMs?: number;
  /** Characters in each event's description. */
  padding?: number;
  /** A second audit of the same process, which captures one event. */
  second?: AuditOptions;
  /**
   * What it does after the last event: waits to be ended, closes, falls idle, throws, exits with code 3; drains: ends by
   * itself some time after the signal, and has an event then.
   */
  end: 'wait' | 'close' | 'idle' | 'throw' | 'exit' | 'drain';
  closeTimeoutMs?: number;
  /** Writes nothing to standard output, because a thread shares it. */
  quiet?: boolean;
  /** Writes the health to standard output at this interval. */
  healthEveryMs?: number;
}

const plan: HostPlan = JSON.parse(process.argv[2] ?? '');
const audit = createAudit(plan.audit);
const tell = (line: unknown): void => {
  if (!plan.quiet) writeSync(1, `${JSON.stringify(line)}\n`);
};
const description = 'x'.repeat(plan.padding ?? 100);

if (plan.second) void createAudit(plan.second).capture({ action: 'host.second' });

tell({ started: process.pid });
process.on('exit', (code) => tell({ exit: code, health: audit.health() }));
if (plan.healthEveryMs !== undefined)
  setInterval(() => {
    tell({ health: audit.health(), rss: process.memoryUsage().rss });
  }, plan.healthEveryMs).unref();

for (let n = 1; n <= (plan.events ?? 0); n++) {
  const captured = audit.capture({
    action: 'host.count',
    actor: { id: 'host' },
    description,
    attributes: { run: plan.run, n },
  });
  if (captured)
    void captured.then(
      (receipt) => tell(['done', n, receipt.state]),
      (error: Error) => tell(['failed', n, error.message]),
    );
  if (n % (plan.burst ?? 10) === 0) await sleep(plan.restMs ?? 5);
}
if (plan.end !== 'drain') tell({ captured: plan.events ?? 0 });

switch (plan.end) {
  case 'wait':
    setInterval(() => undefined, 60_000);
    break;
  case 'drain': {
    const busy = setInterval(() => undefined, 60_000);
    process.once('SIGTERM', () => {
      setTimeout(() => {
        void audit.capture({ action: 'host.drained' });
        clearInterval(busy);
      }, 100);
    });
    tell({ captured: plan.events ?? 0 });
    break;
  }
  case 'close':
    tell({ closed: await audit.close(plan.closeTimeoutMs) });
    break;
  case 'throw':
    setImmediate(() => {
      throw new Error('the host has a fault');
    });
    break;
  case 'exit':
    process.exit(3);
    break;
  case 'idle':
    break;
}
