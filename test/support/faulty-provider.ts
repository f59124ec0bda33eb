import { createHash, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';

/** How an identity provider misbehaves once; what is absent is done right. */
export interface Fault {
  /** Changes the ID token's claims. */
  claims?: (claims: JWTPayload) => JWTPayload;
  /** Another way to sign it, or none at all. */
  sign?: (claims: JWTPayload, keys: ProviderKeys) => Promise<string> | string;
  /** Changes the answer of the token endpoint. */
  tokens?: (tokens: Record<string, unknown>) => unknown;
  /** Status of the token endpoint. */
  status?: number;
  /** Changes what the browser brings back. */
  callback?: (parameters: URLSearchParams) => void;
  /** Changes the keys that are published. */
  jwks?: (jwks: { keys: object[] }) => unknown;
  /** Changes what the provider says of itself. */
  metadata?: (metadata: Record<string, unknown>) => Record<string, unknown>;
}

export interface ProviderKeys {
  own: KeyObject;
  stranger: KeyObject;
}

export interface FaultyProvider {
  issuer: string;
  fault: Fault;
  /** What the last code exchange sent. */
  exchanged: URLSearchParams | undefined;
  /** The person at the provider. */
  person: Record<string, unknown>;
  close(): Promise<void>;
}

/** An OpenID provider of our own that does as it is told: real ones cannot be made to misbehave. */
export async function startFaultyProvider(clientId: string): Promise<FaultyProvider> {
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const codes = new Map<string, { nonce: string; challenge: string }>();
  const kid = 'k1';
  const jwk = { ...own.publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' };
  const provider: FaultyProvider = {
    issuer: '',
    fault: {},
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
      const told = metadata(provider.issuer);
      return send(fault.metadata ? fault.metadata(told) : told);
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

/** A token that says it needs no signature. */
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
