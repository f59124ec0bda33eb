import { ClientError, type Problem } from './client-error.ts';

export interface ClientOptions {
  /** The server's base, such as `http://localhost:4000`; a path is kept. */
  readonly url: string;
  /** An API key or token; without it only public routes can be called. */
  readonly key?: string;
  readonly fetch?: typeof globalThis.fetch;
}

export interface RequestOptions {
  /** Absent members are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly signal?: AbortSignal | undefined;
}

/** Sends one request. Rejects with `ClientError` unless the status is 2xx. */
export interface Transport {
  send(method: string, path: string, options?: RequestOptions): Promise<Response>;
  /** The same, with the answer's JSON. Its shape is the server's promise (openapi.json) and is not checked again. */
  json<Answer>(method: string, path: string, options?: RequestOptions): Promise<Answer>;
}

/** Puts base URL, key and error handling around `fetch`. Throws TypeError when the URL is not valid. */
export function createTransport({ url, key, fetch = globalThis.fetch }: ClientOptions): Transport {
  // Anything else cannot stand in a header, and `fetch` would only say so in terms of bytes.
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
    throw new TypeError(
      'the API key has a character that no key has: a space, a letter with an accent, or a quotation mark',
    );
  const base = new URL(url).href.replace(/\/+$/, '');
  const send: Transport['send'] = async (method, path, options = {}) => {
    const headers: Record<string, string> = { ...options.headers };
    if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
    const { body, signal } = options;
    let response: Response;
    try {
      response = await fetch(`${base}${path}${queryOf(options.query)}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new ClientError(0, `no answer from ${base}: ${reasonOf(cause)}`, { cause });
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  };
  return {
    send,
    async json<Answer>(method: string, path: string, options?: RequestOptions): Promise<Answer> {
      const response = await send(method, path, options);
      const text = await response.text();
      try {
        return JSON.parse(text) as Answer;
      } catch (cause) {
        throw new ClientError(response.status, `${path} did not answer JSON`, { cause });
      }
    },
  };
}

function queryOf(query: RequestOptions['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

async function errorOf(response: Response): Promise<ClientError> {
  const text = await response.text().catch(() => '');
  const body = parsed(text);
  const problem: Problem = typeof body === 'object' && body !== null ? body : {};
  const said = problem.detail ?? problem.title ?? response.statusText;
  const { parameter } = problem;
  const where = parameter === undefined ? '' : `${parameter === 'q' ? 'query' : parameter}: `;
  return new ClientError(response.status, `${response.status} ${where}${said}`, {
    problem,
    body,
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** RFC 9110: seconds, or a date. */
function retryAfterMs(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Node's fetch says only «fetch failed»; the reason is one level deeper.
  const inner = cause.cause;
  if (!(inner instanceof Error)) return cause.message;
  return inner.message === '' && 'code' in inner ? String(inner.code) : inner.message;
}
