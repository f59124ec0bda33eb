import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const good = {
  BITACORA_SESSION_WEBHOOK_URL: 'https://hooks.example.com/sessions?shop=1',
  BITACORA_SESSION_WEBHOOK_SECRET: secret,
};

test('a receiver is its URL, its secret, a tenant and the internal networks that it may be in', () => {
  expect(readSettings({}).sessionWebhook).toBeUndefined();
  const networks = '10.1.0.0/16, 192.168.7.9,fd00::/8';
  expect(readSettings({ ...good, BITACORA_WEBHOOK_NETWORKS: networks }).sessionWebhook).toMatchObject({
    url: new URL('https://hooks.example.com/sessions?shop=1'),
    keys: [Buffer.alloc(32, 1)],
    tenant: 'default',
    networks: [
      { address: '10.1.0.0', prefix: 16 },
      { address: '192.168.7.9', prefix: 32 },
      { address: 'fd00::', prefix: 8 },
    ],
  });
});

test('a receiver by http is refused unless its network is named, because nothing would be sent to it', () => {
  const byHttp = { ...good, BITACORA_SESSION_WEBHOOK_URL: 'http://hooks.example.com/' };
  expect(() => readSettings(byHttp)).toThrow(
    expect.objectContaining({ parameter: 'BITACORA_WEBHOOK_NETWORKS' }),
  );
  const named = { ...byHttp, BITACORA_WEBHOOK_NETWORKS: '10.0.0.0/8' };
  expect(readSettings(named).sessionWebhook?.url.protocol).toBe('http:');
});

test.each([
  ['BITACORA_SESSION_WEBHOOK_URL', 'hooks.example.com'],
  ['BITACORA_SESSION_WEBHOOK_URL', 'ftp://hooks.example.com'],
  ['BITACORA_SESSION_WEBHOOK_URL', 'file:///etc/passwd'],
  ['BITACORA_SESSION_WEBHOOK_URL', 'https://'],
  ['BITACORA_SESSION_WEBHOOK_URL', 'https://hooks.example.com@10.0.0.1/'],
  ['BITACORA_SESSION_WEBHOOK_URL', 'https://user:word@hooks.example.com/'],
  ['BITACORA_SESSION_WEBHOOK_URL', 'https://hooks.example.com/#part'],
  ['BITACORA_SESSION_WEBHOOK_URL', 'https://hooks.example.com:22/'],
  ['BITACORA_SESSION_WEBHOOK_URL', 'http://hooks.example.com:25/'],
  ['BITACORA_SESSION_WEBHOOK_SECRET', ''],
  ['BITACORA_SESSION_WEBHOOK_SECRET', 'whsec_c2hvcnQ='],
  ['BITACORA_WEBHOOK_NETWORKS', '10.0.0.0/33'],
  ['BITACORA_WEBHOOK_NETWORKS', 'localhost'],
  ['BITACORA_WEBHOOK_NETWORKS', '10.0.0.0/8/8'],
  ['BITACORA_WEBHOOK_NETWORKS', 'fe80::%eth0/64'],
])('%s is refused as %j, and the message names it', (variable, value) => {
  expect(() => readSettings({ ...good, [variable]: value })).toThrow(
    expect.objectContaining({ parameter: variable }),
  );
});
