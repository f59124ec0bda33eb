import type { OidcSettings } from '../people/index.ts';
import type { SettingReader } from './setting-reader.ts';

/** Part of the table of settings. */
export const oidcSettingTable = {
  oidcIssuer: {
    variable: 'BITACORA_OIDC_ISSUER',
    fallback: '',
    about: 'OpenID Connect provider with which people of the tenant below sign in; absent: none',
  },
  oidcClientId: { variable: 'BITACORA_OIDC_CLIENT_ID', fallback: '', about: 'Our client id at the provider' },
  oidcClientSecret: {
    variable: 'BITACORA_OIDC_CLIENT_SECRET',
    fallback: '',
    about: 'Our client secret at the provider; absent: a public client with PKCE',
  },
  oidcTenant: {
    variable: 'BITACORA_OIDC_TENANT',
    fallback: 'default',
    about: 'The tenant whose people sign in at the provider',
  },
  oidcDefaultRole: {
    variable: 'BITACORA_OIDC_DEFAULT_ROLE',
    fallback: '',
    about:
      'Role of people of the provider who were not invited: auditor, analyst or viewer; absent: they cannot sign in',
  },
} as const;

type SettingName = keyof typeof oidcSettingTable;

/** @throws AuditError invalid_parameter naming the variable */
export function readOidc({ text, refuse }: SettingReader<SettingName>): OidcSettings | undefined {
  const issuer = text('oidcIssuer');
  if (issuer === '') return undefined;
  if (!/^https?:\/\//.test(issuer) || !URL.canParse(issuer)) refuse('oidcIssuer', 'must be an https URL');
  const local = ['localhost', '127.0.0.1'].includes(new URL(issuer).hostname);
  if (!issuer.startsWith('https:') && !local) refuse('oidcIssuer', 'must be https (http only for localhost)');
  if (text('oidcClientId') === '') refuse('oidcClientId', 'is missing');
  const role = text('oidcDefaultRole');
  const defaultRole = (['auditor', 'analyst', 'viewer'] as const).find((name) => name === role);
  if (role !== '' && defaultRole === undefined)
    refuse('oidcDefaultRole', 'must be auditor, analyst or viewer');
  const clientSecret = text('oidcClientSecret') || undefined;
  return { issuer, clientId: text('oidcClientId'), clientSecret, tenant: text('oidcTenant'), defaultRole };
}
