/** The part of `pg`'s Client that is used; `pg` itself is the host's. */
export interface PgClient {
  query(...args: readonly unknown[]): unknown;
  /** `I` outside of a transaction, `T` in one, `E` in one that failed; from `pg` 8.16 on. */
  getTransactionStatus?(): string | null;
}

/** The part of `pg`'s result that is used. Rows are objects, or arrays with `rowMode: 'array'`. */
export interface PgResult {
  command?: string;
  rowCount?: number | null;
  rows: unknown[];
  fields: { readonly name: string }[];
}

/** The arguments of a call of `client.query`. */
export interface QueryCall {
  readonly config: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly values: readonly unknown[];
  readonly callback: ((error: unknown, result?: unknown) => void) | undefined;
}

/** Reads the arguments of `query`; undefined for cursors and streams, which `pg` drives by itself. */
export function readQueryCall(args: readonly unknown[]): QueryCall | undefined {
  const [first, second, third] = args;
  const config: Record<string, unknown> =
    typeof first === 'string' ? { text: first } : typeof first === 'object' ? { ...first } : {};
  const submits = typeof first === 'object' && first !== null && 'submit' in first;
  const { text } = config;
  if (submits || typeof text !== 'string') return undefined;
  const values: unknown = Array.isArray(second) ? second : (config['values'] ?? []);
  const callback = [second, third, config['callback']].find((argument) => typeof argument === 'function');
  delete config['callback'];
  return {
    config,
    text,
    values: Array.isArray(values) ? values : [],
    callback: callback && ((error, result) => void Reflect.apply(callback, undefined, [error, result])),
  };
}

/** The answer to one statement. TypeError where `pg` returned something else. */
export async function pgResult(answer: unknown): Promise<PgResult> {
  const result: unknown = await answer;
  if (!isPgResult(result)) throw new TypeError('pg returned no result');
  return result;
}

export function isPgResult(result: unknown): result is PgResult {
  return typeof result === 'object' && result !== null && 'rows' in result && 'fields' in result;
}

/** Hands a result to the host's callback. What the callback throws is not caught. */
export async function answer(
  result: Promise<unknown>,
  callback: NonNullable<QueryCall['callback']>,
): Promise<void> {
  let value: unknown;
  try {
    value = await result;
  } catch (error) {
    return callback(error);
  }
  callback(null, value);
}
