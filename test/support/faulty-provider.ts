import { createHash, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';

/** The faults of an identity provider. Members that are absent mean correct behaviour. */
export interface Fault {
  /** Changes the ID token's claims. */
  claims?: (claims: JWTPayload) => JWTPayload;
  /** Signs the ID token in another way, or not at all. */
  sign?: (claims: JWTPayload, keys: ProviderKeys) => Promise<string> | string;
  /** Changes the answer of the token endpoint. */
  tokens?: (tokens: Record<string, unknown>) => unknown;
  /** Status of the token endpoint. */
  status?: number;
  /** Changes the parameters with which the browser comes back. */
  callback?: (parameters: URLSearchParams) => void;
  /** Changes the keys that are published. */
  jwks?: (jwks: { keys: object[] }) => unknown;
  /** Changes the provider's metadata. */
  metadata?: (metadata: Record<string, unknown>) => Record<string, unknown>;
}

export interface ProviderKeys {
  own: KeyObject;
  stranger: KeyObject;
}

export interface FaultyProvider {
  issuer: string;
  fault: Fault;
  /** A logout token with these changes. */
  logoutToken(changed?: {
    claims?: Record<string, unknown>;
    header?: Record<string, unknown>;
    strange?: true;
  }): Promise<string>;
  /** The parameters of the last code exchange. */
  exchanged: URLSearchParams | undefined;
  /** The person at the provider. */
  person: Record<string, unknown>;
  close(): Promise<void>;
}

/** An OpenID provider of the tests, because real providers cannot be made to behave wrongly. */
export async function startFaultyProvider(clientId: string): Promise<FaultyProvider> {
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const codes = new Map<string, { nonce: string; challenge: string }>();
  const kid = 'k1';
  const jwk = { ...own.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
  const provider: FaultyProvider = {
    issuer: '',
    fault: {},
    logoutToken({ claims = {}, header = {}, strange } = {}) {
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
      const iat = Math.floor(Date.now() / 1_000);
      const all = {
        iss: provider.issuer,
        aud: clientId,
        iat,
        exp: iat + 120,
        jti: randomUUID(),
        events,
        sub: provider.person['sub'],
      };
      const present = Object.entries({ ...all, ...claims }).filter(([, value]) => value !== undefined);
      return new SignJWT(Object.fromEntries(present) as JWTPayload)
        .setProtectedHeader({ alg: 'RS256', kid, typ: 'logout+jwt', ...header })
        .sign(strange ? stranger.privateKey : own.privateKey);
    },
    exchanged: undefined,
    person: { sub: 'person-1', email: 'one@example.com', email_verified: true, name: 'One' },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '', provider.issuer);
    const { fault } = provider;
    const send = (body: unknown, status = 200): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    if (url.pathname === '/.well-known/openid-configuration') {
      const honest = metadata(provider.issuer);
      return send(fault.metadata ? fault.metadata(honest) : honest);
    }
    if (url.pathname === '/jwks') return send(fault.jwks ? fault.jwks({ keys: [jwk] }) : { keys: [jwk] });
    if (url.pathname === '/authorize') {
      const code = randomUUID();
      const asked = url.searchParams;
      codes.set(code, { nonce: asked.get('nonce') ?? '', challenge: asked.get('code_challenge') ?? '' });
      const back = new URL(asked.get('redirect_uri') ?? '');
      const parameters = new URLSearchParams({ code, state: asked.get('state') ?? '', iss: provider.issuer });
      fault.callback?.(parameters);
      back.search = parameters.toString();
      response.writeHead(302, { location: back.href });
      response.end();
      return undefined;
    }
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const form = (provider.exchanged = new URLSearchParams(text));
    const begun = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!begun || verifier !== begun.challenge) return send({ error: 'invalid_grant' }, 400);
    const now = Math.floor(Date.now() / 1_000);
    const plain = {
      iss: provider.issuer,
      aud: clientId,
      iat: now,
      exp: now + 300,
      nonce: begun.nonce,
      ...provider.person,
    };
    const claims = fault.claims ? fault.claims(plain) : plain;
    const keys = { own: own.privateKey, stranger: stranger.privateKey };
    const idToken = fault.sign
      ? await fault.sign(claims, keys)
      : await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(own.privateKey);
    const tokens = { access_token: 'a', token_type: 'Bearer', expires_in: 300, id_token: idToken };
    return send(fault.tokens ? fault.tokens(tokens) : tokens, fault.status ?? 200);
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  provider.issuer = `http://127.0.0.1:${port}`;
  return provider;
}

/** A token without a signature, whose header has `alg: none`. */
export function unsigned(claims: JWTPayload): string {
  return new UnsecuredJWT(claims).encode();
}

function metadata(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}
