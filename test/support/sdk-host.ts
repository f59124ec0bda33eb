import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAudit, type AuditOptions } from '@bitacora/sdk';

// A host application in its own process. It writes what happens to standard output at once, so that a kill loses nothing of
// it. Each line is JSON: an array for the result of an event, or an object for the state of the host.

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
   * What the host does after the last event: it waits until it is killed, closes the audit, does nothing, throws, or exits
   * with code 3. With `drain` it captures one more event after SIGTERM and then ends by itself.
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
const report = (line: unknown): void => {
  if (!plan.quiet) writeSync(1, `${JSON.stringify(line)}\n`);
};
const description = 'x'.repeat(plan.padding ?? 100);

if (plan.second) void createAudit(plan.second).capture({ action: 'host.second' });

report({ started: process.pid });
process.on('exit', (code) => report({ exit: code, health: audit.health() }));
if (plan.healthEveryMs !== undefined)
  setInterval(() => {
    report({ health: audit.health(), rss: process.memoryUsage().rss });
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
      (receipt) => report(['done', n, receipt.state]),
      (error: Error) => report(['failed', n, error.message]),
    );
  if (n % (plan.burst ?? 10) === 0) await sleep(plan.restMs ?? 5);
}
if (plan.end !== 'drain') report({ captured: plan.events ?? 0 });

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
    report({ captured: plan.events ?? 0 });
    break;
  }
  case 'close':
    report({ closed: await audit.close(plan.closeTimeoutMs) });
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
