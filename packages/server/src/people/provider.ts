import { createRemoteJWKSet, jwtVerify } from 'jose';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  clockTolerance,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
  type Configuration,
  type IDToken,
} from 'openid-client';
import type { SecretBox } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';

export interface OidcSettings {
  issuer: string;
  clientId: string;
  clientSecret: string | undefined;
  tenant: string;
  defaultRole: 'auditor' | 'analyst' | 'viewer' | undefined;
}

/** Somebody whom the provider sent back, checked. */
export interface Vouched {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | undefined;
  readonly email: string | undefined;
}

/** Sign-in at an OpenID Connect provider: code flow with PKCE (S256), state and nonce (RFC 9700, OpenID Connect Core 3.1). */
export interface Provider {
  /** Where to send the browser, and what it keeps meanwhile. @throws unavailable */
  begin(redirectUri: string): Promise<{ url: string; kept: string }>;
  /** @throws forbidden when anything about the answer is not as it must be */
  finish(callback: { url: URL; kept: string | undefined }): Promise<Vouched>;
  /** Whose sessions a logout token ends (OpenID Connect Back-Channel Logout 1.0). @throws forbidden when it is not right */
  loggedOut(token: string): Promise<Pick<Vouched, 'issuer' | 'subject'>>;
}

const withinSeconds = 10;
const discoveredForMs = 600_000;
const keptForMs = 600_000;
const skewSeconds = 60;
const logoutSecondsMax = 300;
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
const signatures = ['RS256', 'PS256', 'ES256', 'EdDSA'];

export function createProvider(options: {
  settings: OidcSettings;
  box: SecretBox;
  clock: () => number;
}): Provider {
  const { settings, box, clock } = options;
  let known: { config: Promise<Configuration>; until: number } | undefined;
  const configuration = (): Promise<Configuration> => {
    if (known && known.until > clock()) return known.config;
    const config = discover(settings);
    known = { config, until: clock() + discoveredForMs };
    config.catch(() => (known = undefined));
    return config;
  };
  return {
    async begin(redirectUri) {
      const config = await configuration().catch((cause: unknown) => {
        throw new AuditError('unavailable', { detail: 'the identity provider does not answer', cause });
      });
      const kept = { verifier: randomPKCECodeVerifier(), state: randomState(), nonce: randomNonce() };
      const url = buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid profile email',
        code_challenge: await calculatePKCECodeChallenge(kept.verifier),
        code_challenge_method: 'S256',
        state: kept.state,
        nonce: kept.nonce,
      });
      const sealed = box.seal(Buffer.from(JSON.stringify({ ...kept, at: clock() })));
      return { url: url.href, kept: sealed.toString('base64url') };
    },
    async finish({ url, kept }) {
      try {
        const begun = readKept(box, kept, clock());
        const config = await configuration();
        const tokens = await authorizationCodeGrant(config, url, {
          pkceCodeVerifier: begun.verifier,
          expectedState: begun.state,
          expectedNonce: begun.nonce,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims || claims.sub === '' || claims.sub.length > 255) throw new TypeError('no subject');
        if ((claims['azp'] ?? settings.clientId) !== settings.clientId)
          throw new TypeError('made for another');
        const { name, email, verified } = await profileOf(config, tokens.access_token, claims);
        return {
          issuer: claims.iss,
          subject: claims.sub,
          name: typeof name === 'string' ? name : undefined,
          email: typeof email === 'string' && verified === true ? email : undefined,
        };
      } catch (cause) {
        // Keys may have been changed at the provider: the next one reads them anew.
        known = undefined;
        throw new AuditError('forbidden', { detail: 'the identity provider did not vouch for you', cause });
      }
    },
    async loggedOut(token) {
      try {
        const subject = await readLogout(token, await configuration(), settings.clientId);
        return { issuer: settings.issuer, subject };
      } catch (cause) {
        throw new AuditError('forbidden', { detail: 'that is no logout token of the provider', cause });
      }
    },
  };
}

/** Signed by the provider, typed, for us, of now, about somebody, and nothing that was made for a sign-in. */
async function readLogout(token: string, config: Configuration, clientId: string): Promise<string> {
  const { jwks_uri: address, issuer } = config.serverMetadata();
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(address ?? '')), {
    issuer,
    audience: clientId,
    typ: 'logout+jwt',
    algorithms: signatures,
    clockTolerance: skewSeconds,
    maxTokenAge: logoutSecondsMax,
    requiredClaims: ['iat', 'jti', 'events', 'sub'],
  });
  const { events, nonce, sub } = payload;
  const isLogout = typeof events === 'object' && events !== null && logoutEvent in events;
  if (!isLogout || nonce !== undefined || sub === undefined) throw new TypeError('no logout token');
  return sub;
}

/** Some providers put name and e-mail into the token, others tell them when asked; the subject must be the same. */
async function profileOf(
  config: Configuration,
  accessToken: string,
  claims: IDToken,
): Promise<{ name: unknown; email: unknown; verified: unknown }> {
  const inToken = claims['email'] !== undefined || config.serverMetadata().userinfo_endpoint === undefined;
  const told = inToken ? claims : await fetchUserInfo(config, accessToken, claims.sub);
  return { name: told['name'], email: told['email'], verified: told['email_verified'] };
}

async function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<Configuration> {
  const url = new URL(issuer);
  const client = {
    [clockTolerance]: skewSeconds,
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
  };
  const config = await discovery(url, clientId, client, clientSecret === undefined ? None() : undefined, {
    // Settings allow http for this machine only.
    execute: url.protocol === 'http:' ? [allowInsecureRequests] : [],
    timeout: withinSeconds,
  });
  // The ID token's signature counts, not only the channel it came through.
  enableNonRepudiationChecks(config);
  const metadata = config.serverMetadata();
  if (metadata.issuer !== issuer) throw new TypeError('the provider names another issuer');
  const offered = metadata.id_token_signing_alg_values_supported;
  if (offered && !offered.some((one) => signatures.includes(one)))
    throw new TypeError('no signature we accept');
  return config;
}

interface Kept {
  verifier: string;
  state: string;
  nonce: string;
}

function readKept(box: SecretBox, kept: string | undefined, now: number): Kept {
  const opened = box.open(Buffer.from(kept ?? '', 'base64url'));
  const value: unknown = opened && JSON.parse(opened.toString('utf8'));
  if (typeof value !== 'object' || value === null) throw new TypeError('this browser did not begin');
  const { verifier, state, nonce, at } = { verifier: '', state: '', nonce: '', at: 0, ...value };
  if (now - at > keptForMs) throw new TypeError('it took too long');
  return { verifier, state, nonce };
}
