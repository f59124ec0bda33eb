import { expect, test } from 'vitest';
import { readWebhookKeys, signWebhook } from './sign-webhook.ts';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const message = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  at: 1_614_265_330_000,
  body: '{"test": 2432232314}',
};

test('a message is signed as the published vector of Standard Webhooks says', () => {
  expect(signWebhook(message, readWebhookKeys(secret) ?? [])).toEqual({
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});

test('while a secret is replaced, a message is signed with both secrets', () => {
  const other = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
  const signed = signWebhook(message, readWebhookKeys(`${other} ${secret}`) ?? []);
  const [first, second] = signed['webhook-signature']?.split(' ') ?? [];
  expect(first).toMatch(/^v1,[\w+/]{43}=$/);
  expect(second).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test.each([
  '',
  'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  'whsec_',
  `whsec_${Buffer.alloc(23).toString('base64')}`,
  `whsec_${Buffer.alloc(65).toString('base64')}`,
  `${secret} whsec_short`,
  `${secret} ${secret} ${secret}`,
  'whsec_<script>',
])('%j is refused as a secret', (text) => {
  expect(readWebhookKeys(text)).toBeUndefined();
});
