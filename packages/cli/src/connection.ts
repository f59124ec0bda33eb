import { createClient, type Client } from '@bitacora/client';
import type { Command } from 'commander';
import { CliError } from './cli-error.ts';

export interface ConnectionOptions {
  readonly url?: string;
  readonly key?: string;
}

/** The URL of the server when none is given. A server that is started in this environment listens on `BITACORA_PORT`. */
export const defaultUrl = `http://localhost:${process.env['BITACORA_PORT'] ?? '4000'}`;

/** Adds `--url` and `--key` to a command. */
export function withConnection(command: Command): Command {
  return command
    .option(
      '--url <url>',
      `server (BITACORA_URL, else the port BITACORA_PORT of this machine: ${defaultUrl})`,
    )
    .option('--key <key>', 'API key (BITACORA_API_KEY)');
}

/** The URL and key from the options, otherwise from the environment. */
export function connectionOf({ url, key }: ConnectionOptions): {
  readonly url: string;
  readonly key: string | undefined;
} {
  return {
    url: url ?? process.env['BITACORA_URL'] ?? defaultUrl,
    key: (key ?? process.env['BITACORA_API_KEY']) || undefined,
  };
}

/** A client for a command that needs a key. Throws `CliError` when there is no key, or the URL is not valid. */
export function connect(options: ConnectionOptions): Client {
  const { url, key } = connectionOf(options);
  if (key === undefined) throw new CliError('--key: no API key: give it here or as BITACORA_API_KEY');
  return clientFor(url, key);
}

/** A client for a URL. Throws `CliError` when the URL is not valid. */
export function clientFor(url: string, key: string | undefined): Client {
  requireHttpUrl(url);
  try {
    return createClient(key === undefined ? { url } : { url, key });
  } catch (error) {
    throw new CliError(`--key: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Throws `CliError` when the text is not an http(s) URL. */
export function requireHttpUrl(url: string): void {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new CliError(`--url: not an http(s) URL: ${url}`);
}
