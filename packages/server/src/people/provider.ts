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

/** A person whom the provider vouches for; issuer and subject were checked. */
export interface Vouched {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | undefined;
  readonly email: string | undefined;
}

/** Sign-in at an OpenID Connect provider: code flow with PKCE (S256), state and nonce (RFC 9700, OpenID Connect Core 3.1). */
export interface Provider {
  /** The address to send the browser to, and a sealed text that the browser keeps until it comes back. @throws unavailable */
  begin(redirectUri: string): Promise<{ url: string; kept: string }>;
  /** @throws forbidden when the provider's answer fails any check */
  finish(callback: { url: URL; kept: string | undefined }): Promise<Vouched>;
  /**
   * The person whose sessions a logout token ends (OpenID Connect Back-Channel Logout 1.0). @throws forbidden when the
   * token fails a check
   */
  loggedOut(token: string): Promise<Pick<Vouched, 'issuer' | 'subject'>>;
}

const withinSeconds = 10;
const discoveredForMs = 600_000;
const keptForMs = 600_000;
const skewSeconds = 60;
const logoutSecondsMax = 300;
const subjectCharsMax = 255;
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';
const signatures = ['RS256', 'PS256', 'ES256', 'EdDSA'];

export function createProvider(options: {
  settings: OidcSettings;
  box: SecretBox;
  clock: () => number;
}): Provider {
  const { settings, box, clock } = options;
  const configuration = createConfigurationCache(settings, clock);
  return {
    async begin(redirectUri) {
      const config = await configuration.get().catch((cause: unknown) => {
        throw new AuditError('unavailable', { detail: 'the identity provider does not answer', cause });
      });
      const attempt = { verifier: randomPKCECodeVerifier(), state: randomState(), nonce: randomNonce() };
      const sealed = box.seal(Buffer.from(JSON.stringify({ ...attempt, at: clock() })));
      return { url: await signInUrl(config, redirectUri, attempt), kept: sealed.toString('base64url') };
    },
    async finish({ url, kept }) {
      try {
        const attempt = readAttempt(box, kept, clock());
        return await vouchedBy(await configuration.get(), { url, attempt, clientId: settings.clientId });
      } catch (cause) {
        // The provider may have changed its keys: the next sign-in reads its configuration again.
        configuration.forget();
        throw new AuditError('forbidden', { detail: 'the identity provider did not vouch for you', cause });
      }
    },
    async loggedOut(token) {
      try {
        const subject = await readLogout(token, await configuration.get(), settings.clientId);
        return { issuer: settings.issuer, subject };
      } catch (cause) {
        throw new AuditError('forbidden', { detail: 'that is not a logout token of the provider', cause });
      }
    },
  };
}

/** The provider's configuration, read from the provider and kept for ten minutes; a failure is not kept. */
function createConfigurationCache(
  settings: OidcSettings,
  clock: () => number,
): { get(): Promise<Configuration>; forget(): void } {
  let cached: { config: Promise<Configuration>; until: number } | undefined;
  const forget = (): void => void (cached = undefined);
  return {
    get() {
      if (cached && cached.until > clock()) return cached.config;
      const config = discover(settings);
      cached = { config, until: clock() + discoveredForMs };
      config.catch(forget);
      return config;
    },
    forget,
  };
}

async function signInUrl(config: Configuration, redirectUri: string, attempt: Attempt): Promise<string> {
  const url = buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: await calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: 'S256',
    state: attempt.state,
    nonce: attempt.nonce,
  });
  return url.href;
}

/** Exchanges the code in `url` for tokens and checks them. @throws when a check fails */
async function vouchedBy(
  config: Configuration,
  { url, attempt, clientId }: { url: URL; attempt: Attempt; clientId: string },
): Promise<Vouched> {
  const tokens = await authorizationCodeGrant(config, url, {
    pkceCodeVerifier: attempt.verifier,
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) throw new TypeError('the token has no claims');
  if ((claims['azp'] ?? clientId) !== clientId) throw new TypeError('the token was made for another client');
  const { name, email, verified } = await profileOf(config, tokens.access_token, claims);
  return {
    issuer: claims.iss,
    subject: subjectOf(claims.sub),
    name: storable(name),
    email: verified === true ? storable(email) : undefined,
  };
}

/** @throws TypeError for a subject that the database could not store */
function subjectOf(sub: string | undefined): string {
  const subject = storable(sub);
  if (subject === undefined || subject === '' || subject.length > subjectCharsMax)
    throw new TypeError('the token has no subject');
  return subject;
}

/** The text of a claim; undefined when it is none, or one that PostgreSQL cannot store. */
function storable(claim: unknown): string | undefined {
  return typeof claim === 'string' && !claim.includes('\0') && claim.isWellFormed() ? claim : undefined;
}

/**
 * The subject of a logout token: signed by the provider, of the right type, for this client, recent, with a subject, and
 * without the nonce that only tokens of a sign-in carry.
 */
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
  if (!isLogout || nonce !== undefined) throw new TypeError('no logout token');
  return subjectOf(sub);
}

/** Some providers put name and e-mail into the token, others answer a request for them, which must name the same subject. */
async function profileOf(
  config: Configuration,
  accessToken: string,
  claims: IDToken,
): Promise<{ name: unknown; email: unknown; verified: unknown }> {
  const inToken = claims['email'] !== undefined || config.serverMetadata().userinfo_endpoint === undefined;
  const profile = inToken ? claims : await fetchUserInfo(config, accessToken, claims.sub);
  return { name: profile['name'], email: profile['email'], verified: profile['email_verified'] };
}

async function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<Configuration> {
  const url = new URL(issuer);
  const client = {
    [clockTolerance]: skewSeconds,
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
  };
  const config = await discovery(url, clientId, client, clientSecret === undefined ? None() : undefined, {
    // The settings refuse http unless the provider runs on this machine.
    execute: url.protocol === 'http:' ? [allowInsecureRequests] : [],
    timeout: withinSeconds,
  });
  // Checks the signature of the ID token too, not only the TLS connection that it came through.
  enableNonRepudiationChecks(config);
  const metadata = config.serverMetadata();
  if (metadata.issuer !== issuer) throw new TypeError('the provider names another issuer');
  const offered = metadata.id_token_signing_alg_values_supported;
  if (offered && !offered.some((algorithm) => signatures.includes(algorithm)))
    throw new TypeError('the provider offers no signature that we accept');
  return config;
}

/** What must match when the browser comes back from the provider. */
interface Attempt {
  verifier: string;
  state: string;
  nonce: string;
}

/** @throws TypeError when this browser did not begin the sign-in, or too long ago */
function readAttempt(box: SecretBox, kept: string | undefined, now: number): Attempt {
  const opened = box.open(Buffer.from(kept ?? '', 'base64url'));
  const value: unknown = opened && JSON.parse(opened.toString('utf8'));
  if (typeof value !== 'object' || value === null)
    throw new TypeError('this browser did not begin the sign-in');
  const { verifier, state, nonce, at } = { verifier: '', state: '', nonce: '', at: 0, ...value };
  if (now - at > keptForMs) throw new TypeError('the sign-in took too long');
  return { verifier, state, nonce };
}
