import type { TestServer } from './test-server.ts';

/** A signed-in person, with what their browser has. */
export interface SignedInUser {
  id: string;
  email: string;
  password: string;
  /** `bitacora=…`, for the header Cookie. */
  cookie: string;
  csrf: string;
  session: string;
  /** Sends a request with the cookie, the token and, for changes, the headers that a browser adds. */
  fetch(path: string, options?: RequestInit): Promise<Response>;
  json(path: string, options?: RequestInit): Promise<{ status: number; body: any }>;
}

export const goodPassword = 'una contraseña bastante larga';
let invited = 0;

/** Invites a person with `as` (an administrator's key), sets a password by the link, and returns the signed-in person. */
export async function inviteUser(
  server: TestServer,
  user: Record<string, unknown> & { role: string },
  as?: string,
): Promise<SignedInUser> {
  const email = `${user.role}${++invited}@example.com`;
  const { status, body } = await server.json('/v1/users', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, name: `The ${user.role}`, ...user }),
    ...(as === undefined ? {} : { as }),
  });
  if (status !== 201) throw new Error(`not invited: ${JSON.stringify(body)}`);
  const answer = await postForm(server, '/app/link', {
    secret: body.link.slice(body.link.lastIndexOf('/') + 1),
    password: goodPassword,
  });
  const cookie = cookieOf(answer);
  if (cookie === undefined) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
  return signedIn(server, { id: body.user.id, email: body.user.email, cookie });
}

/** The person behind a cookie. */
export async function signedIn(
  server: TestServer,
  { id = '', email = '', password = goodPassword, cookie }: Partial<SignedInUser> & { cookie: string },
): Promise<SignedInUser> {
  const me: any = await (await fetch(`${server.url}/v1/me`, { headers: { cookie } })).json();
  const user: SignedInUser = {
    id: id || me.id,
    email,
    password,
    cookie,
    csrf: me.csrf,
    session: me.session,
    fetch: (path, options = {}) =>
      fetch(server.url + path, {
        redirect: 'manual',
        ...options,
        headers: {
          cookie,
          ...((options.method ?? 'GET') === 'GET' ? {} : { 'x-csrf-token': me.csrf, origin: server.url }),
          ...(typeof options.body === 'string' ? { 'content-type': 'application/json' } : {}),
          ...(options.headers as Record<string, string>),
        },
      }),
    async json(path, options) {
      const response = await user.fetch(path, options);
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    },
  };
  return user;
}

/** Sends a form as a browser does. */
export function postForm(
  server: Pick<TestServer, 'url'>,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(server.url + path, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams(fields),
    headers: { origin: server.url, 'sec-fetch-site': 'same-origin', ...headers },
  });
}

export function signInWith(
  server: Pick<TestServer, 'url'>,
  fields: { email: string; password: string; tenant?: string },
  headers: Record<string, string> = {},
): Promise<Response> {
  return postForm(server, '/app/sign-in', fields, headers);
}

/** `name=value` of the session cookie that an answer sets; undefined when it sets none. */
export function cookieOf(answer: Response): string | undefined {
  for (const line of answer.headers.getSetCookie()) {
    const found = /^((?:__Host-)?bitacora=[^;]+);/.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}
