import { readNetwork } from '../access/index.ts';
import { readWebhookKeys } from '../webhooks/index.ts';
import type { SessionWebhookSettings } from '../sessions/index.ts';
import { listOf } from './list-of.ts';
import type { SettingReader } from './setting-reader.ts';

/** Part of the table of settings. */
export const webhookSettingTable = {
  sessionWebhookUrl: {
    variable: 'BITACORA_SESSION_WEBHOOK_URL',
    fallback: '',
    about: 'Address that gets a message for each closed session, https://…; absent: none, hosts ask the API',
  },
  sessionWebhookSecret: {
    variable: 'BITACORA_SESSION_WEBHOOK_SECRET',
    fallback: '',
    about:
      'whsec_ and 24 to 64 bytes in base64, which sign each message; two, separated by a space, while it is being changed',
  },
  sessionWebhookTenant: {
    variable: 'BITACORA_SESSION_WEBHOOK_TENANT',
    fallback: 'default',
    about: 'The tenant whose closed sessions are sent to the receiver',
  },
  webhookNetworks: {
    variable: 'BITACORA_WEBHOOK_NETWORKS',
    fallback: '',
    about:
      'Internal addresses or networks (10.1.0.0/16), separated by commas, that receivers may be in; absent: none',
  },
} as const;

type SettingName = keyof typeof webhookSettingTable;

/** The lowest port that is allowed beside 80 and 443. Below it are the ports of other protocols. */
const portFirst = 1_024;

/** @throws AuditError invalid_parameter naming the variable */
export function readWebhook({
  text,
  refuse,
}: SettingReader<SettingName>): SessionWebhookSettings | undefined {
  const address = text('sessionWebhookUrl');
  if (address === '') return undefined;
  if (!/^https?:\/\//.test(address) || !URL.canParse(address))
    refuse('sessionWebhookUrl', 'must begin with https:// (http:// for a receiver in the networks below)');
  const url = new URL(address);
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    refuse('sessionWebhookUrl', 'may not hold a login or a fragment');
  if (url.port !== '' && !['80', '443'].includes(url.port) && Number(url.port) < portFirst)
    refuse('sessionWebhookUrl', `may not have a port below ${portFirst} but 80 and 443`);
  const keys = readWebhookKeys(text('sessionWebhookSecret'));
  if (keys === undefined)
    return refuse('sessionWebhookSecret', 'must be whsec_ and 24 to 64 bytes in base64; two at most');
  const networks = listOf(text('webhookNetworks')).map(
    (network) => readNetwork(network) ?? refuse('webhookNetworks', `holds ${network}, which is no network`),
  );
  if (url.protocol === 'http:' && networks.length === 0)
    refuse(
      'webhookNetworks',
      'must name the network of the receiver, because its address begins with http://',
    );
  return { url, keys, tenant: text('sessionWebhookTenant'), networks };
}
