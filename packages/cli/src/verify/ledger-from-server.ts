import { ClientError, type Client } from '@bitacora/client';
import { CliError } from '../cli-error.ts';
import { clientFor } from '../connection.ts';
import type { LedgerFiles } from './ledger-files.ts';

const attemptsMax = 6;

/**
 * A ledger on a server. `url` is the base URL, or `…/v1/tlog/{ledger}`, which counts before `ledger`. A request that fails
 * temporarily is tried again a few times.
 */
export function ledgerFromServer(
  url: string,
  options: { readonly ledger: string | undefined; readonly key: string | undefined },
): LedgerFiles & { readonly ledger: string; readonly client: Client } {
  const [, base = url, named] = /^(.*)\/v1\/tlog\/([^/]+)\/?$/.exec(url) ?? [];
  const ledger = named === undefined ? options.ledger : decodeURIComponent(named);
  if (ledger === undefined)
    throw new CliError(`which ledger? give --ledger, or ${url.replace(/\/$/, '')}/v1/tlog/NAME`);
  const client = clientFor(base, options.key);
  const { tlog } = client;
  return {
    name: `${base} (${ledger})`,
    grows: true,
    ledger,
    client,
    checkpoint: () => patiently(() => tlog.checkpoint(ledger)),
    retention: () =>
      patiently(() => tlog.retention(ledger)).catch((error: unknown) => {
        // A server of an earlier version removes nothing.
        if (error instanceof ClientError && error.status === 404) return undefined;
        throw error;
      }),
    read: (path) => patiently(() => tlog.tile(ledger, path)),
  };
}

async function patiently<Answer>(request: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await request();
    } catch (error) {
      const temporary =
        error instanceof ClientError && (error.status === 0 || error.status === 429 || error.status >= 500);
      if (!temporary || attempt === attemptsMax) throw error;
      const waitMs = error.retryAfterMs ?? Math.random() * 250 * 2 ** attempt;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
}
