import { IANAZone } from 'luxon';
import { AuditError } from '../audit-error.ts';
import { callLimitSettingTable, readCallLimits } from './call-limit-settings.ts';
import { oidcSettingTable, readOidc } from './oidc-settings.ts';
import { listOf } from './list-of.ts';
import { readRecent, recentSettingTable } from './recent-variables.ts';
import type { SettingReader } from './setting-reader.ts';
import type { RecentVariables } from '../recent/index.ts';
import type { CallLimitSettings } from '../http/index.ts';
import type { OidcSettings } from '../people/index.ts';
import type { SessionWebhookSettings } from '../sessions/index.ts';
import { readWebhook, webhookSettingTable } from './webhook-settings.ts';

/** One setting: its variable, its default, and what it is for. The reference in docs/ is generated from this table. */
interface SettingRow {
  variable: string;
  fallback: string;
  about: string;
}

export const settingTable = {
  config: {
    variable: 'BITACORA_CONFIG',
    fallback: '',
    about: 'File that names the packs; absent: bitacora.config.ts in the working directory, if there is one',
  },
  databaseUrl: {
    variable: 'BITACORA_DATABASE_URL',
    fallback: '',
    about: 'PostgreSQL 15 or newer, postgres://login:password@host:5432/database; absent: an embedded one',
  },
  databasePooler: {
    variable: 'BITACORA_DATABASE_POOLER',
    fallback: '',
    about:
      'host:port of PgBouncer in transaction mode before BITACORA_DATABASE_URL; absent: none. Set-up connects to the database directly',
  },
  dataDirectory: {
    variable: 'BITACORA_DATA_DIR',
    fallback: '.bitacora',
    about: 'Holds the keys, the published checkpoints and the embedded database',
  },
  host: { variable: 'BITACORA_HOST', fallback: '127.0.0.1', about: 'Address to listen on; 0.0.0.0 for all' },
  port: { variable: 'BITACORA_PORT', fallback: '4000', about: 'Port to listen on; 0 for any free one' },
  origin: {
    variable: 'BITACORA_ORIGIN',
    fallback: 'bitacora.local',
    about: 'First part of the origin of every ledger, fixed when the ledger is made',
  },
  adminKey: {
    variable: 'BITACORA_ADMIN_KEY',
    fallback: '',
    about: 'An API key with all scopes, created at start; at least 20 characters',
  },
  timeZone: {
    variable: 'BITACORA_TIME_ZONE',
    fallback: 'UTC',
    about: 'IANA zone of bare dates, days and hours',
  },
  hostSessionIdleMinutes: {
    variable: 'BITACORA_HOST_SESSION_IDLE_MINUTES',
    fallback: '30',
    about: 'Minutes without an event after which a session of the host has expired',
  },
  corsOrigins: {
    variable: 'BITACORA_CORS_ORIGINS',
    fallback: '',
    about:
      'Origins whose pages may call the API from a browser, separated by commas: https://app.example.org',
  },
  publicUrl: {
    variable: 'BITACORA_PUBLIC_URL',
    fallback: '',
    about:
      'Address of this server as people type it, https://…; absent: people can sign in only on the machine itself',
  },
  trustedProxies: {
    variable: 'BITACORA_TRUSTED_PROXIES',
    fallback: '',
    about: 'Comma-separated addresses or networks of proxies whose X-Forwarded-For is trusted',
  },
  sessionIdleMinutes: {
    variable: 'BITACORA_SESSION_IDLE_MINUTES',
    fallback: '60',
    about: 'Minutes without a request after which a session of a person ends',
  },
  sessionHoursMax: {
    variable: 'BITACORA_SESSION_HOURS_MAX',
    fallback: '12',
    about: 'Hours after which a session ends in any case',
  },
  smtpUrl: {
    variable: 'BITACORA_SMTP_URL',
    fallback: '',
    about:
      'smtp://login:password@host:587 or smtps://…; absent: links are in the answer to the administrator',
  },
  mailFrom: {
    variable: 'BITACORA_MAIL_FROM',
    fallback: '',
    about: 'Sender of invitations and resets; needed with BITACORA_SMTP_URL',
  },
  ...oidcSettingTable,
  quotaEventsPerSecond: {
    variable: 'BITACORA_QUOTA_EVENTS_PER_SECOND',
    fallback: '25000',
    about:
      'Events a second that one tenant may send on average; a path of attributes that is new that day counts as one more; off: no limit',
  },
  ...callLimitSettingTable,
  segmentEntriesMax: {
    variable: 'BITACORA_SEGMENT_ENTRIES_MAX',
    fallback: '1000000',
    about: 'Entries after which a segment is closed',
  },
  segmentAgeHoursMax: {
    variable: 'BITACORA_SEGMENT_AGE_HOURS_MAX',
    fallback: '24',
    about: 'Hours after which a segment is closed',
  },
  checkSeconds: {
    variable: 'BITACORA_CHECK_SECONDS',
    fallback: '10',
    about:
      'Seconds between two background checks, each of which compares a random part of a ledger with what was made from it',
  },
  cacheMegabytesMax: {
    variable: 'BITACORA_CACHE_MEGABYTES_MAX',
    fallback: '512',
    about: 'Memory for the search index',
  },
  ...webhookSettingTable,
  ...recentSettingTable,
  logLevel: {
    variable: 'BITACORA_LOG_LEVEL',
    fallback: 'info',
    about: 'trace, debug, info, warn, error or silent',
  },
} as const satisfies Record<string, SettingRow>;

export interface Settings {
  config: string | undefined;
  databaseUrl: string | undefined;
  databasePooler: string | undefined;
  dataDirectory: string;
  host: string;
  port: number;
  origin: string;
  adminKey: string | undefined;
  timeZone: string;
  hostSessionIdleMinutes: number;
  corsOrigins: readonly string[];
  /** Without a slash at the end. */
  publicUrl: string | undefined;
  trustedProxies: readonly string[];
  sessionIdleMinutes: number;
  sessionHoursMax: number;
  mail: { url: string; from: string } | undefined;
  oidc: OidcSettings | undefined;
  sessionWebhook: SessionWebhookSettings | undefined;
  quotaEventsPerSecond: number | undefined;
  callLimits: CallLimitSettings;
  segmentEntriesMax: number;
  segmentAgeHoursMax: number;
  checkSeconds: number;
  cacheMegabytesMax: number;
  recent: RecentVariables;
  logLevel: string;
}

type ReadText = (name: keyof typeof settingTable) => string;

type Reader = SettingReader<keyof typeof settingTable>;

/** @throws AuditError invalid_parameter naming the variable */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const reader = createReader(environment);
  const { text, number } = reader;
  return {
    config: text('config') || undefined,
    databaseUrl: text('databaseUrl') || undefined,
    databasePooler: readPooler(text),
    dataDirectory: text('dataDirectory'),
    host: text('host'),
    port: number('port', 0, 65_535),
    origin: readOrigin(text('origin')),
    adminKey: readAdminKey(text('adminKey')),
    timeZone: readTimeZone(text('timeZone')),
    hostSessionIdleMinutes: number('hostSessionIdleMinutes', 1, 525_600),
    corsOrigins: readCorsOrigins(text('corsOrigins')),
    publicUrl: readPublicUrl(text('publicUrl')),
    trustedProxies: listOf(text('trustedProxies')),
    sessionIdleMinutes: number('sessionIdleMinutes', 1, 10_080),
    sessionHoursMax: number('sessionHoursMax', 1, 720),
    mail: readMail(text),
    oidc: readOidc(reader),
    sessionWebhook: readWebhook(reader),
    quotaEventsPerSecond:
      text('quotaEventsPerSecond') === 'off' ? undefined : number('quotaEventsPerSecond', 1, 10_000_000),
    callLimits: readCallLimits(reader),
    segmentEntriesMax: number('segmentEntriesMax', 1, 100_000_000),
    segmentAgeHoursMax: number('segmentAgeHoursMax', 1, 8_760),
    checkSeconds: number('checkSeconds', 1, 86_400),
    cacheMegabytesMax: number('cacheMegabytesMax', 16, 1_000_000),
    recent: readRecent(reader),
    logLevel: readLogLevel(text('logLevel')),
  };
}

function createReader(environment: Readonly<Record<string, string | undefined>>): Reader {
  const text: ReadText = (name) =>
    environment[settingTable[name].variable]?.trim() || settingTable[name].fallback;
  return {
    text,
    number(name, least, most) {
      const value = Number(text(name));
      if (!Number.isInteger(value) || value < least || value > most)
        refuse(name, `must be a whole number from ${least} to ${most}, not ${JSON.stringify(text(name))}`);
      return value;
    },
    refuse,
  };
}

function readOrigin(origin: string): string {
  if (!/^[a-z0-9][a-z0-9.-]{0,200}$/.test(origin)) refuse('origin', 'must look like a host name');
  return origin;
}

function readAdminKey(text: string): string | undefined {
  if (text === '') return undefined;
  if (!/^\S{20,200}$/.test(text)) refuse('adminKey', 'must have 20 to 200 characters and no space');
  return text;
}

function readTimeZone(timeZone: string): string {
  if (!IANAZone.isValidZone(timeZone)) refuse('timeZone', `is no IANA time zone: ${timeZone}`);
  return timeZone;
}

function readLogLevel(logLevel: string): string {
  if (!['trace', 'debug', 'info', 'warn', 'error', 'silent'].includes(logLevel))
    refuse('logLevel', `is no level: ${logLevel}`);
  return logLevel;
}

function readCorsOrigins(text: string): string[] {
  const origins = listOf(text);
  for (const origin of origins) {
    if (!/^https?:\/\//.test(origin) || !URL.canParse(origin) || new URL(origin).origin !== origin)
      refuse('corsOrigins', `holds ${origin}, which is no origin such as https://app.example.org`);
  }
  return origins;
}

function readPooler(text: ReadText): string | undefined {
  const pooler = text('databasePooler');
  if (pooler === '') return undefined;
  if (!/^[\w.-]+:\d{1,5}$/.test(pooler)) refuse('databasePooler', 'must read host:port');
  if (text('databaseUrl') === '') refuse('databasePooler', 'needs BITACORA_DATABASE_URL');
  return pooler;
}

function readPublicUrl(text: string): string | undefined {
  if (text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : refuse('publicUrl', 'is no URL');
  const plain = url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !plain)
    refuse('publicUrl', 'must begin with https:// (http only for localhost)');
  if (url.pathname !== '/' || url.search !== '')
    refuse('publicUrl', 'has no path: the server is at the root');
  return url.origin;
}

function readMail(text: ReadText): Settings['mail'] {
  const url = text('smtpUrl');
  const from = text('mailFrom');
  if (url === '') return undefined;
  if (!/^smtps?:\/\/./.test(url) || !URL.canParse(url))
    refuse('smtpUrl', 'must begin with smtp:// or smtps://');
  if (!/^[^\r\n]*[^\s@]+@[^\s@]+$/.test(from)) refuse('mailFrom', 'must be an e-mail address');
  return { url, from };
}

function refuse(name: keyof typeof settingTable, detail: string): never {
  const { variable } = settingTable[name];
  throw new AuditError('invalid_parameter', {
    parameter: variable,
    detail: `${variable} ${detail}`,
    operatorText: `${variable} ${detail}`,
  });
}
