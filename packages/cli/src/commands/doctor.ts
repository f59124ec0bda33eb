import { ClientError, type Client } from '@bitacora/client';
import type { Command } from 'commander';
import { clientFor, connectionOf, withConnection, type ConnectionOptions } from '../connection.ts';
import type { Exit } from '../exit.ts';

interface Finding {
  readonly check: string;
  readonly state: 'fine' | 'problem' | 'unknown';
  readonly detail: string;
}

const skewMaxMs = 5_000;

/** `bitacora doctor`: checks the server from outside. The exit code is 1 when something is wrong, 2 without a key. */
export function addDoctor(program: Command, exit: Exit): void {
  withConnection(program.command('doctor'))
    .description(
      'check that the server is reachable and ready, its clock, what the key may do, and random parts of its ledgers',
    )
    .option('--json')
    .action(async (options: ConnectionOptions & { readonly json?: true }) => {
      const { url, key } = connectionOf(options);
      const client = clientFor(url, key);
      const findings = [
        ...(await checkServer(client, url)),
        ...(await checkKey(client, key)),
        ...(key === undefined ? [] : await checkEvidence(client)),
      ];
      for (const finding of findings) {
        const { check, state, detail } = finding;
        process.stdout.write(
          options.json === true
            ? `${JSON.stringify(finding)}\n`
            : `${state.padEnd(8)} ${check.padEnd(12)} ${detail}\n`,
        );
      }
      // Without a key half of the checks cannot be made.
      if (key === undefined) exit(2);
      else exit(findings.some(({ state }) => state === 'problem') ? 1 : 0);
    });
}

async function checkServer(client: Client, url: string): Promise<Finding[]> {
  try {
    const sentAt = Date.now();
    const { serverTimeMs } = await client.health.live();
    const reachable: Finding = {
      check: 'reachable',
      state: 'fine',
      detail: `${url} answers in ${Date.now() - sentAt} ms`,
    };
    const { ready, detail } = await client.health.ready();
    const readiness: Finding = {
      check: 'ready',
      state: ready ? 'fine' : 'problem',
      detail: JSON.stringify(detail),
    };
    return [reachable, readiness, clock(serverTimeMs, (sentAt + Date.now()) / 2)];
  } catch (error) {
    return [{ check: 'reachable', state: 'problem', detail: messageOf(error) }];
  }
}

function clock(serverTimeMs: number | undefined, hereMs: number): Finding {
  if (serverTimeMs === undefined)
    return { check: 'clock', state: 'unknown', detail: "the server's answer has no time" };
  // The header has whole seconds, so half a second is added.
  const skewMs = serverTimeMs + 500 - hereMs;
  const detail = `the server's clock is ${Math.abs(skewMs / 1_000).toFixed(0)} s ${skewMs < 0 ? 'behind' : 'ahead of'} this one`;
  return Math.abs(skewMs) <= skewMaxMs
    ? { check: 'clock', state: 'fine', detail: 'the clocks agree within a few seconds' }
    : { check: 'clock', state: 'problem', detail };
}

/** Asks for one harmless read per scope; writing is not tried. */
async function checkKey(client: Client, key: string | undefined): Promise<Finding[]> {
  if (key === undefined)
    return [{ check: 'key', state: 'unknown', detail: 'none given (--key, BITACORA_API_KEY)' }];
  const trials: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['key: read', () => client.events.search({}, { limit: 1 })],
    ['key: admin', () => client.keys.list()],
  ];
  const findings: Finding[] = [];
  for (const [check, trial] of trials) findings.push(await tryScope(check, trial));
  return findings;
}

async function tryScope(check: string, trial: () => Promise<unknown>): Promise<Finding> {
  try {
    await trial();
    return { check, state: 'fine', detail: 'allowed' };
  } catch (error) {
    // The owner of a key may have left out this scope on purpose.
    const forbidden = error instanceof ClientError && error.status === 403;
    return { check, state: forbidden ? 'unknown' : 'problem', detail: messageOf(error) };
  }
}

/** Parts of each ledger that are checked. */
const partsPerLedger = 5;

/** Has the server compare random parts of each ledger of the key with what was made from them. */
async function checkEvidence(client: Client): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    for (const { name } of await client.ledgers.list()) {
      const check = `evidence: ${name}`;
      let entries = 0;
      const differences = new Set<string>();
      for (let part = 0; part < partsPerLedger; part++) {
        const report = await client.tlog.check(name);
        entries += report.end - report.first;
        for (const { index, text } of report.differences)
          differences.add(index === undefined ? text : `entry ${index}: ${text}`);
      }
      const [first] = differences;
      const more = differences.size > 1 ? `, and ${differences.size - 1} more` : '';
      findings.push(
        first === undefined
          ? {
              check,
              state: 'fine',
              detail: `${entries} entries in ${partsPerLedger} random parts are as they should be`,
            }
          : { check, state: 'problem', detail: `${first}${more}: run bitacora verify` },
      );
    }
  } catch (error) {
    const forbidden = error instanceof ClientError && error.status === 403;
    findings.push({ check: 'evidence', state: forbidden ? 'unknown' : 'problem', detail: messageOf(error) });
  }
  return findings;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
