import { createHmac } from 'node:crypto';

const keysMax = 2;
const keyBytesMin = 24;
const keyBytesMax = 64;

/** The keys in one or two `whsec_…` texts, separated by a space; undefined when one of them is malformed. */
export function readWebhookKeys(text: string): Buffer[] | undefined {
  const keys = text
    .split(' ')
    .filter((part) => part !== '')
    .map((part) => /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(part)?.[1] ?? '')
    .map((base64) => Buffer.from(base64, 'base64'));
  const fitting = keys.every(({ length }) => length >= keyBytesMin && length <= keyBytesMax);
  return fitting && keys.length > 0 && keys.length <= keysMax ? keys : undefined;
}

/**
 * The headers of one attempt (Standard Webhooks 1.0.0). All attempts of a message have the same `id`; `at` is the time
 * of this one, ms.
 */
export function signWebhook(
  { id, at, body }: { id: string; at: number; body: string },
  keys: readonly Buffer[],
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1_000));
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}
