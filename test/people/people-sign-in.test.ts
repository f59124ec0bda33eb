import { createHmac } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMailBox, type MailBox } from '../support/mail-box.ts';
import {
  cookieOf,
  goodPassword,
  postForm,
  signedIn,
  signInWith,
  type SignedInUser,
} from '../support/signed-in-user.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

let server: TestServer;
let mailBox: MailBox;
let database: pg.Client;
let owner: SignedInUser;

beforeAll(async () => {
  mailBox = await openMailBox();
  server = await startTestServer({
    BITACORA_SMTP_URL: mailBox.url,
    BITACORA_MAIL_FROM: 'Bitácora <audit@example.com>',
    // So that a test can come from other addresses.
    BITACORA_TRUSTED_PROXIES: '127.0.0.1/32',
  });
  database = new pg.Client(server.superuserUrl());
  await database.connect();
  await database.query('set search_path = bitacora');
});

afterAll(async () => {
  await database?.end();
  await server.dispose();
  await mailBox.close();
});

/** Invites a person by mail, and returns the link of the mail. */
async function joinAs(role: string, more: Record<string, unknown> = {}): Promise<SignedInUser> {
  const email = `${role}-${mailBox.mails.length}@example.com`;
  const invited = await server.json('/v1/users', {
    method: 'POST',
    body: JSON.stringify({ email, name: 'Somebody', role, ...more }),
    headers: { 'content-type': 'application/json' },
  });
  expect(invited.body).toMatchObject({ link: null, user: { state: 'invited', email } });
  const answer = await postForm(server, '/app/link', { secret: linkIn(email), password: goodPassword });
  expect(answer.status).toBe(303);
  return signedIn(server, { id: invited.body.user.id, email, cookie: cookieOf(answer) ?? '' });
}

function linkIn(email: string): string {
  const mail = mailBox.mails.findLast(({ to }) => to.includes(email));
  return /\/app\/link\/(\S+)/.exec(mail?.text ?? '')?.[1] ?? '';
}

async function signIn(person: Pick<SignedInUser, 'email' | 'password'>): Promise<SignedInUser> {
  const cookie = cookieOf(await signInWith(server, person)) ?? '';
  return signedIn(server, { ...person, cookie });
}

const statusOf = async (person: SignedInUser, path = '/v1/me'): Promise<number> =>
  (await person.fetch(path)).status;
async function over(person: SignedInUser): Promise<void> {
  await expect.poll(() => statusOf(person)).toBe(401);
}
const change = (
  person: SignedInUser,
  body: Record<string, unknown>,
): Promise<{ status: number; body: any }> =>
  owner.json(`/v1/users/${person.id}`, { method: 'PUT', body: JSON.stringify(body) });

describe('F-09 the first owner', () => {
  test('gets a link in keys/ that nobody else can read and that works once', async () => {
    const file = join(server.dataDirectory, 'keys', 'owner-link');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const secret = readFileSync(file, 'utf8').trim();
    const weak = await postForm(server, '/app/link', { secret, email: 'eva@example.com', password: 'short' });
    expect(weak.status).toBe(400);
    const answer = await postForm(server, '/app/link', {
      secret,
      email: 'Eva@Example.com',
      password: goodPassword,
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/app/']);
    owner = await signedIn(server, { email: 'eva@example.com', cookie: cookieOf(answer) ?? '' });
    expect((await owner.json('/v1/me')).body).toMatchObject({
      roles: ['owner'],
      scope: 'all',
      tenant: 'default',
    });
    const again = await postForm(server, '/app/link', {
      secret,
      email: 'x@example.com',
      password: goodPassword,
    });
    expect(again.status).toBe(404);
    expect((await fetch(`${server.url}/app/link/${secret}`)).status).toBe(404);
  });

  test('cannot be removed or lose the role while they are the last owner', async () => {
    const removed = await owner.fetch(`/v1/users/${owner.id}`, { method: 'DELETE' });
    const lessened = await change(owner, { role: 'viewer' });
    const disabled = await change(owner, { state: 'disabled' });
    expect([removed.status, lessened.status, disabled.status]).toEqual([403, 403, 403]);
    expect(await statusOf(owner)).toBe(200);
  });
});

describe('F-09 invitations, resets and passwords', () => {
  test('an invitation is sent by mail in the language of the person who invites, and it expires', async () => {
    const made = await owner.json('/v1/users', {
      method: 'POST',
      body: JSON.stringify({ email: 'late@example.com', name: 'Late', role: 'auditor' }),
      headers: { 'accept-language': 'ru,en;q=0.5' },
    });
    expect(made.body.link).toBeNull();
    expect(mailBox.mails.at(-1)?.text).toContain('Задайте пароль');
    await database.query(
      "update one_time_link set expires_at = now() - interval '1 s' where purpose = 'invite'",
    );
    const answer = await postForm(server, '/app/link', {
      secret: linkIn('late@example.com'),
      password: goodPassword,
    });
    expect(answer.status).toBe(404);
  });

  test('the answer to a reset request is the same for everybody; the link sets a password once and ends all sessions', async () => {
    const person = await joinAs('auditor');
    const before = mailBox.mails.length;
    const known = await postForm(server, '/app/forgot', { email: person.email });
    const unknown = await postForm(server, '/app/forgot', { email: 'nobody@example.com' });
    expect([known.status, await known.text()]).toEqual([unknown.status, await unknown.text()]);
    await expect.poll(() => mailBox.mails.length).toBe(before + 1);
    const secret = linkIn(person.email);
    const password = 'eine ganz neue Losung';
    expect((await postForm(server, '/app/link', { secret, password })).status).toBe(303);
    expect((await postForm(server, '/app/link', { secret, password })).status).toBe(404);
    await over(person);
    expect((await signInWith(server, { email: person.email, password: goodPassword })).status).toBe(401);
    expect((await signInWith(server, { email: person.email, password })).status).toBe(303);
  });

  test('passwords keep every character, both Unicode forms of an accent are equal, and short passwords are refused', async () => {
    const person = await joinAs('auditor');
    const long = `${'ñandú — 山田 '.repeat(15)}fin`;
    const put = (old: string, password: string): Promise<Response> =>
      person.fetch('/v1/me/password', { method: 'PUT', body: JSON.stringify({ old, password }) });
    for (const bad of ['elevenchars', 'aaaaaaaaaaaaaaaa', '\ud800'.repeat(14)])
      expect((await put(goodPassword, bad)).status).toBe(400);
    expect((await put('not the old one', long)).status).toBe(403);
    expect((await put(goodPassword, long)).status).toBe(204);
    const status = async (password: string): Promise<number> =>
      (await signInWith(server, { email: person.email, password })).status;
    expect(await status(long.slice(0, -1))).toBe(401);
    expect(await status(long.normalize('NFD'))).toBe(303);
    const stored = await database.query('select password_hash from user_account where email = $1', [
      person.email,
    ]);
    expect(stored.rows[0].password_hash).toMatch(/^\$argon2id\$v=19\$m=47104,t=2,p=1\$/);
  });

  test('ten failures lock the account for that address, other sessions and addresses are not touched', async () => {
    const person = await joinAs('auditor');
    const guess = (): Promise<Response> =>
      signInWith(server, { email: person.email, password: 'wrong password' });
    const guesses: Response[] = [];
    for (let count = 0; count < 10; count++) guesses.push(await guess());
    expect(guesses.map(({ status }) => status)).toEqual(Array(10).fill(401));
    const locked = await signInWith(server, { email: person.email, password: goodPassword });
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(30);
    expect(await statusOf(person)).toBe(200);
    // After the wait one more failure makes the next wait longer.
    await database.query('update sign_in_failure set locked_until = now()');
    expect((await guess()).status).toBe(401);
    const longer = Number((await guess()).headers.get('retry-after'));
    expect(longer).toBeGreaterThan(Number(locked.headers.get('retry-after')));
    await database.query('update sign_in_failure set locked_until = now()');
    expect((await signInWith(server, { email: person.email, password: goodPassword })).status).toBe(303);
    const left = await database.query('select 1 from sign_in_failure where failures >= 10');
    expect(left.rowCount).toBeLessThanOrEqual(1);
    await database.query('delete from sign_in_failure');
  });

  test('of thirty guesses at once at most ten are checked', async () => {
    const person = await joinAs('auditor');
    const answers = await Promise.all(
      Array.from({ length: 30 }, () =>
        signInWith(server, { email: person.email, password: 'guess guess guess' }),
      ),
    );
    expect(answers.filter(({ status }) => status === 401).length).toBeLessThanOrEqual(10);
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(20);
    await database.query('delete from sign_in_failure');
  });

  test('failures of others from the same address do not lock out a person who has signed in from there before', async () => {
    const person = await joinAs('auditor');
    const stranger = (): Promise<Response> =>
      signInWith(server, { email: 'stranger@example.com', password: 'wrong password' });
    expect((await stranger()).status).toBe(401);
    // Writes a hundred failures of this address into the database.
    await database.query(
      "update sign_in_failure set failures = 100, locked_until = now() + interval '1 hour'",
    );
    expect((await stranger()).status).toBe(429);
    expect((await signInWith(server, { email: 'new@example.com', password: 'wrong password' })).status).toBe(
      429,
    );
    expect((await signInWith(server, person)).status).toBe(303);
    await database.query('delete from sign_in_failure');
  });

  test('X10 an own sign-in between guesses gives back nothing of what the guesses counted', async () => {
    const attacker = await joinAs('auditor');
    const ownSignIn = async (): Promise<number> => (await signInWith(server, attacker)).status;
    let victims = 0;
    const guess = async (): Promise<number> => {
      const email = `victim${victims++}@example.com`;
      return (await signInWith(server, { email, password: 'wrong password' })).status;
    };
    expect(await guess()).toBe(401);
    // Ninety-five failures of this address, written into the database.
    await database.query('update sign_in_failure set failures = 95');
    const guesses: number[] = [];
    for (let count = 0; count < 6; count++) {
      guesses.push(await guess());
      expect(await ownSignIn()).toBe(303);
    }
    expect(guesses).toEqual([401, 401, 401, 401, 401, 429]);
    expect(await guess()).toBe(429);
    // From an address where the attacker has no session their sign-in counts, and just that is taken back.
    const elsewhere = { 'x-forwarded-for': '203.0.113.9' };
    const there = async (person: { email: string; password: string }): Promise<number> =>
      (await signInWith(server, person, elsewhere)).status;
    await database.query('delete from sign_in_failure');
    expect(await there({ email: 'victim@example.com', password: 'wrong password' })).toBe(401);
    await database.query('update sign_in_failure set failures = 99');
    expect(await there(attacker)).toBe(303);
    const left = await database.query<{ failures: number }>('select failures from sign_in_failure');
    expect(left.rows.filter(({ failures }) => failures === 99)).toHaveLength(3);
    expect(await there({ email: 'another@example.com', password: 'wrong password' })).toBe(401);
    expect(await there({ email: 'third@example.com', password: 'wrong password' })).toBe(429);
    await database.query('delete from sign_in_failure');
  });

  test('X10 the addresses of one IPv6 network count as one address', async () => {
    const person = await joinAs('auditor');
    const guess = async (address: string): Promise<number> => {
      const wrong = { email: person.email, password: 'wrong password' };
      return (await signInWith(server, wrong, { 'x-forwarded-for': address })).status;
    };
    const guesses: number[] = [];
    for (let count = 0; count < 11; count++) guesses.push(await guess(`2001:db8:1:2::${count}`));
    expect(guesses).toEqual([...Array(10).fill(401), 429]);
    expect(await guess('2001:db8:1:3::1')).toBe(401);
    await database.query('delete from sign_in_failure');
  });

  test('the answer to a wrong password is the same as to an account that does not exist', async () => {
    const [there, nowhere] = await Promise.all(
      ['eva@example.com', 'who@example.com'].map(async (email) => {
        const answer = await signInWith(server, { email, password: 'wrong password' });
        return [answer.status, (await answer.text()).replaceAll(email, '')];
      }),
    );
    expect(there).toEqual(nowhere);
    await database.query('delete from sign_in_failure');
  });
});

describe('F-09 codes of an authenticator', () => {
  const codeOf = (secret: string, stepsLater = 0): string =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + stepsLater * 30_000 });
  let person: SignedInUser;
  let secret: string;
  let recoveryCodes: string[];

  test('are required after the first code was sent; the secret is stored encrypted', async () => {
    person = await joinAs('administrator');
    const enrolled = await person.json('/v1/me/totp', { method: 'POST' });
    secret = enrolled.body.secret;
    expect(enrolled.body.url).toMatch(/^otpauth:\/\/totp\/Bit.*secret=/);
    expect((await signInWith(server, person)).status).toBe(303);
    expect((await person.json('/v1/me/totp', { method: 'PUT', body: '{"code":"000000"}' })).status).toBe(400);
    const confirmed = await person.json('/v1/me/totp', {
      method: 'PUT',
      body: JSON.stringify({ code: codeOf(secret) }),
    });
    recoveryCodes = confirmed.body.recoveryCodes;
    expect(new Set(recoveryCodes).size).toBe(10);
    const stored = await database.query('select totp_secret from user_account where email = $1', [
      person.email,
    ]);
    expect(stored.rows[0].totp_secret.includes(Buffer.from(Secret.fromBase32(secret).bytes))).toBe(false);
  });

  const second = async (code: string, headers: Record<string, string> = {}): Promise<Response> => {
    const first = await signInWith(server, person, headers);
    const page = await first.text();
    expect([first.status, cookieOf(first)]).toEqual([200, undefined]);
    const pending = /name="pending" value="([^"]+)"/.exec(page)?.[1] ?? '';
    return postForm(server, '/app/sign-in/code', { pending, code }, headers);
  };

  test('each code is accepted once, and a wrong code is refused', async () => {
    expect((await second(codeOf(secret))).status).toBe(401);
    expect((await second('123')).status).toBe(401);
    const next = codeOf(secret, 1);
    expect((await second(next)).status).toBe(303);
    expect((await second(next)).status).toBe(401);
  });

  test('X10 a sign-in in two steps from a new address leaves nothing counted for the address', async () => {
    await database.query('delete from sign_in_failure');
    const [code = ''] = recoveryCodes.splice(0, 1);
    expect((await second(code, { 'x-forwarded-for': '203.0.113.20' })).status).toBe(303);
    const left = await database.query('select failures from sign_in_failure where failures > 0');
    expect(left.rows).toEqual([]);
  });

  test('X10 a session cannot guess the code that removes codes', async () => {
    const remove = async (code: string): Promise<number> => {
      const body = JSON.stringify({ code });
      return (await person.fetch('/v1/me/totp/removal', { method: 'POST', body })).status;
    };
    const guesses: number[] = [];
    for (let count = 0; count < 11; count++) guesses.push(await remove('123456'));
    expect(guesses).toEqual([...Array(10).fill(403), 429]);
    expect(await remove(recoveryCodes[0] ?? '')).toBe(429);
    await database.query('delete from sign_in_failure');
  });

  test('a reset link, of an administrator or by mail, sets the password and then asks for a code', async () => {
    const asked = async (how: () => Promise<unknown>): Promise<void> => {
      const before = mailBox.mails.length;
      await how();
      await expect.poll(() => mailBox.mails.length).toBe(before + 1);
    };
    const byAdministrator = (): Promise<unknown> =>
      owner.json(`/v1/users/${person.id}/link`, { method: 'POST', body: '{}' });
    const byMail = (): Promise<unknown> => postForm(server, '/app/forgot', { email: person.email });
    for (const [n, how] of [byAdministrator, byMail].entries()) {
      await asked(how);
      const password = `eine neue Losung ${n}`;
      const answer = await postForm(server, '/app/link', { secret: linkIn(person.email), password });
      const page = await answer.text();
      expect([answer.status, cookieOf(answer)]).toEqual([200, undefined]);
      const pending = /name="pending" value="([^"]+)"/.exec(page)?.[1] ?? '';
      const enter = (code: string): Promise<Response> =>
        postForm(server, '/app/sign-in/code', { pending, code });
      // The old sessions are over, and no wrong code begins a new one.
      await over(person);
      expect((await enter('000000')).status).toBe(401);
      expect((await signInWith(server, { email: person.email, password: goodPassword })).status).toBe(401);
      const entered = await enter(recoveryCodes.pop() ?? '');
      expect(entered.status).toBe(303);
      person = await signedIn(server, { ...person, password, cookie: cookieOf(entered) ?? '' });
      expect(await statusOf(person)).toBe(200);
    }
    const logins = await owner.json(
      `/v1/events?ledger=audit&limit=100&q=${encodeURIComponent(`actor:${person.id} action:session.login attributes.method:link`)}`,
    );
    // Only the invitation, before there were codes, was a sign-in by link.
    expect(logins.body.entries).toHaveLength(1);
    await database.query('delete from sign_in_failure');
  });

  test('a recovery code is accepted once; codes are switched off with a code', async () => {
    const [one = '', two = ''] = recoveryCodes;
    expect((await second(one)).status).toBe(303);
    expect((await second(one)).status).toBe(401);
    expect(
      (await person.fetch('/v1/me/totp/removal', { method: 'POST', body: '{"code":"000000"}' })).status,
    ).toBe(403);
    const removed = await person.fetch('/v1/me/totp/removal', {
      method: 'POST',
      body: JSON.stringify({ code: two }),
    });
    expect(removed.status).toBe(204);
    expect((await signInWith(server, person)).status).toBe(303);
    await database.query('delete from sign_in_failure');
  });
});

test.each(['/app/sign-in', '/app/forgot', '/app/link/1.gone', '/app/'])(
  'X14 %s sends its forms with its own origin, runs only our scripts, and cannot be framed',
  async (path) => {
    const { headers } = await fetch(server.url + path);
    // Under no-referrer a browser sends a form of the same site with `Origin: null`.
    expect(headers.get('referrer-policy')).toBe('same-origin');
    const policy = headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ])
      expect(policy).toContain(part);
    expect(policy).not.toContain('unsafe');
  },
);

describe('X13 sessions', () => {
  test('the cookie is HttpOnly, Lax and valid for the whole host; over https it is __Host- and Secure', async () => {
    const answer = await signInWith(server, owner);
    const [line = ''] = answer.headers.getSetCookie();
    for (const part of ['HttpOnly', 'SameSite=Lax', 'Path=/', 'Max-Age=43200']) expect(line).toContain(part);
    expect(line).not.toMatch(/Domain=/i);
    // The secret has 256 random bits, and the table has only its hash.
    const secret = /bitacora=([^;]+)/.exec(line)?.[1] ?? '';
    expect(Buffer.from(secret.split('.')[1] ?? '', 'base64url')).toHaveLength(32);
    const stored = await database.query('select encode(hash, $1) as hash from user_session', ['base64']);
    expect(stored.rows.some(({ hash }) => secret.includes(hash))).toBe(false);
  });

  test('a new sign-in is a new session, and the session that the browser had before ends (fixation)', async () => {
    const person = await joinAs('viewer');
    const answer = await signInWith(server, person, { cookie: person.cookie });
    expect(cookieOf(answer)).not.toBe(person.cookie);
    expect(await statusOf(person)).toBe(401);
    const planted = await signInWith(server, person, { cookie: 'bitacora=1.planted' });
    expect(cookieOf(planted)).not.toContain('planted');
  });

  test('signing out ends it on the server, not only in the browser', async () => {
    const person = await joinAs('viewer');
    const stays = await postForm(server, '/app/sign-out', { csrf: 'wrong' }, { cookie: person.cookie });
    expect([stays.status, await statusOf(person)]).toEqual([403, 200]);
    const out = await postForm(server, '/app/sign-out', { csrf: person.csrf }, { cookie: person.cookie });
    expect(out.headers.getSetCookie()[0]).toContain('Max-Age=0');
    expect(await statusOf(person)).toBe(401);
  });

  test('a session that is idle, old, revoked or has another stamp ends within seconds', async () => {
    const person = await joinAs('viewer');
    const ways = [
      "seen_at = now() - interval '61 minutes'",
      "expires_at = now() - interval '1 second'",
      'revoked_at = now()',
      'stamp = stamp - 1',
    ];
    const sessions = await Promise.all(ways.map(() => signIn(person)));
    expect(await Promise.all(sessions.map((one) => statusOf(one)))).toEqual([200, 200, 200, 200]);
    for (const [place, way] of ways.entries())
      await database.query(`update user_session set ${way} where id = $1`, [sessions[place]?.session]);
    await Promise.all(sessions.map(over));
    expect(await statusOf(person)).toBe(200);
  });

  test('a session in use does not become idle', async () => {
    const person = await joinAs('viewer');
    await database.query("update user_session set seen_at = now() - interval '50 minutes' where id = $1", [
      person.session,
    ]);
    await expect
      .poll(async () => {
        await statusOf(person);
        const { rows } = await database.query(
          "select seen_at > now() - interval '1 minute' as seen from user_session where id = $1",
          [person.session],
        );
        return rows[0].seen;
      })
      .toBe(true);
  });

  test('own sessions are listed and ended one by one, or all the others', async () => {
    const person = await joinAs('viewer');
    const second = await signIn(person);
    const third = await signIn(person);
    const { body } = await person.json('/v1/me/sessions');
    expect(body.sessions).toHaveLength(3);
    expect(JSON.stringify(body)).not.toContain(second.cookie.split('=')[1]);
    expect((await person.fetch(`/v1/me/sessions/${second.session}`, { method: 'DELETE' })).status).toBe(204);
    expect([await statusOf(second), await statusOf(third)]).toEqual([401, 200]);
    expect((await person.fetch('/v1/me/sessions', { method: 'DELETE' })).status).toBe(204);
    expect([await statusOf(third), await statusOf(person)]).toEqual([401, 200]);
    expect((await person.fetch(`/v1/me/sessions/${owner.session}`, { method: 'DELETE' })).status).toBe(404);
  });

  test('an administrator ends all sessions of a user, a new password ends the others, disabling and removing end all', async () => {
    const person = await joinAs('viewer');
    expect((await owner.json(`/v1/users/${person.id}/sessions`)).body.sessions).toHaveLength(1);
    await owner.fetch(`/v1/users/${person.id}/sessions`, { method: 'DELETE' });
    await over(person);
    const one = await signIn(person);
    const two = await signIn(person);
    const changed = await one.fetch('/v1/me/password', {
      method: 'PUT',
      body: JSON.stringify({ old: goodPassword, password: 'otra contraseña más' }),
    });
    await over(two);
    await over(one);
    const goesOn = await signedIn(server, {
      ...person,
      cookie: cookieOf(changed) ?? '',
      password: 'otra contraseña más',
    });
    expect(await statusOf(goesOn)).toBe(200);
    expect((await change(person, { state: 'disabled' })).status).toBe(200);
    await over(goesOn);
    expect((await signInWith(server, { email: person.email, password: 'otra contraseña más' })).status).toBe(
      401,
    );
    expect((await change(person, { state: 'active' })).status).toBe(200);
    const back = await signIn({ email: person.email, password: 'otra contraseña más' });
    expect(await statusOf(back)).toBe(200);
    expect((await owner.fetch(`/v1/users/${person.id}`, { method: 'DELETE' })).status).toBe(204);
    await over(back);
  });

  test.each([
    ['empty', ''],
    ['of no tenant', `99999.${'a'.repeat(43)}`],
    ['guessed', `1.${'a'.repeat(43)}`],
    ['short', '1.abc'],
    ['a key', 'test-admin-key-0123456789'],
    ['with a quotation mark', `1.'${'a'.repeat(42)}`],
    ['of another tenant’s number', 'SWAP'],
    ['huge', 'x'.repeat(7_000)],
    ['the hash from the table', 'HASH'],
  ])('a cookie that is %s is refused', async (_, value) => {
    const secret = owner.cookie.split('=')[1] ?? '';
    const sent =
      value === 'SWAP'
        ? secret.replace(/^\d+/, '2')
        : value === 'HASH'
          ? `1.${createHmac('sha256', '').update(secret).digest('base64url')}`
          : value;
    const answer = await fetch(`${server.url}/v1/me`, { headers: { cookie: `bitacora=${sent}` } });
    expect(answer.status).toBe(401);
  });

  test.each<[string, (secret: string) => { path?: string; headers?: Record<string, string> }]>([
    ['under the name in capitals', (secret) => ({ headers: { cookie: `BITACORA=${secret}` } })],
    ['under the name that https has', (secret) => ({ headers: { cookie: `__Host-bitacora=${secret}` } })],
    ['within another cookie', (secret) => ({ headers: { cookie: `x=bitacora=${secret}` } })],
    ['with a letter more', (secret) => ({ headers: { cookie: `bitacora=${secret}A` } })],
    ['with a letter less', (secret) => ({ headers: { cookie: `bitacora=${secret.slice(0, -1)}` } })],
    ['in quotation marks', (secret) => ({ headers: { cookie: `bitacora="${secret}"` } })],
    ['without its tenant', (secret) => ({ headers: { cookie: `bitacora=${secret.split('.')[1]}` } })],
    ['as Bearer', (secret) => ({ headers: { authorization: `Bearer ${secret}` } })],
    ['as Basic', (secret) => ({ headers: { authorization: `Basic ${btoa(`bitacora:${secret}`)}` } })],
    ['in the query', (secret) => ({ path: `/v1/me?bitacora=${secret}` })],
    ['in the path', (secret) => ({ path: `/v1/me;bitacora=${secret}` })],
    ['in a header of its own', (secret) => ({ headers: { 'x-session': secret } })],
  ])('a session’s secret %s is refused', async (_, way) => {
    const { path = '/v1/me', headers = {} } = way(owner.cookie.split('=')[1] ?? '');
    expect([400, 401, 404]).toContain((await fetch(server.url + path, { headers })).status);
    expect(await statusOf(owner)).toBe(200);
  });

  test.each<[string, () => Promise<Response>]>([
    ['a wrong password', () => signInWith(server, { email: owner.email, password: 'wrong password' })],
    ['an empty one', () => signInWith(server, { email: owner.email, password: '' })],
    ['somebody unknown', () => signInWith(server, { email: 'who@example.com', password: goodPassword })],
    ['nothing', () => postForm(server, '/app/sign-in', {})],
    [
      'the query of a GET',
      () => fetch(`${server.url}/app/sign-in?email=${owner.email}&password=${goodPassword}`),
    ],
    [
      'a link that is over',
      () => postForm(server, '/app/link', { secret: '1.gone', password: goodPassword }),
    ],
    ['a code without a password', () => postForm(server, '/app/sign-in/code', { pending: 'x', code: '1' })],
    [
      'a form of another site',
      () =>
        fetch(`${server.url}/app/sign-in`, {
          method: 'POST',
          redirect: 'manual',
          headers: { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ email: owner.email, password: goodPassword }).toString(),
        }),
    ],
  ])('%s gives no session', async (_, attempt) => {
    const answer = await attempt();
    expect(answer.status).not.toBe(303);
    expect(cookieOf(answer)).toBeUndefined();
    await database.query('delete from sign_in_failure');
  });

  test('a person has at most fifty sessions: the next sign-in ends the oldest', async () => {
    const person = await joinAs('viewer');
    await database.query(
      `insert into user_session (tenant, hash, id, user_id, stamp, created_at, expires_at)
       select tenant, decode(md5(n::text), 'hex'), gen_random_uuid(), user_id, stamp, now() + n * interval '1 ms', expires_at
       from user_session, generate_series(1, 49) as n where id = $1`,
      [person.session],
    );
    expect((await person.json('/v1/me/sessions')).body.sessions).toHaveLength(50);
    const newest = await signIn(person);
    expect((await newest.json('/v1/me/sessions')).body.sessions).toHaveLength(50);
    await over(person);
  });

  test('no secret of a session is in the log, in an answer or in the audit ledger', async () => {
    const person = await joinAs('administrator');
    const secret = person.cookie.split('.')[1] ?? 'none';
    const answers = await Promise.all(
      ['/v1/me', '/v1/me/sessions', '/v1/users', `/v1/users/${person.id}/sessions`, '/app/'].map(
        async (path) => {
          const answer = await person.fetch(path);
          return JSON.stringify([...answer.headers]) + (await answer.text());
        },
      ),
    );
    const audited = JSON.stringify((await server.json('/v1/events?ledger=audit&limit=1000')).body);
    expect(audited).toContain(person.id);
    for (const text of [...answers, audited, server.log()]) expect(text).not.toContain(secret);
  });

  test('two cookies with the name are refused, because another site may have set one of them', async () => {
    const answer = await fetch(`${server.url}/v1/me`, {
      headers: { cookie: `bitacora=1.x; ${owner.cookie}` },
    });
    expect(answer.status).toBe(401);
  });

  test('a header counts before the cookie, and a wrong header is refused although the cookie is right', async () => {
    const headers = { cookie: owner.cookie, authorization: 'Bearer wrong' };
    expect((await fetch(`${server.url}/v1/me`, { headers })).status).toBe(401);
  });

  test('signing in by an address that is not this machine needs https', async () => {
    const { hostname, port } = new URL(server.url);
    const { request } = await import('node:http');
    const status = await new Promise<number | undefined>((resolve) => {
      const sent = request(
        { hostname, port, method: 'POST', path: '/app/sign-in', headers: { host: 'audit.example.com' } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        },
      );
      sent.end('email=a&password=b');
    });
    expect(status).toBe(403);
  });
});

describe('X21 rights that change while a person is signed in', () => {
  const may = async (person: SignedInUser): Promise<Record<string, number>> => ({
    read: await statusOf(person, '/v1/events?limit=1'),
    users: await statusOf(person, '/v1/users'),
    keys: await statusOf(person, '/v1/keys'),
    tree: await statusOf(person, '/v1/sources'),
  });
  const expected: Record<string, Record<string, number>> = {
    administrator: { read: 200, users: 200, keys: 200, tree: 200 },
    auditor: { read: 200, users: 403, keys: 403, tree: 200 },
    analyst: { read: 200, users: 403, keys: 403, tree: 200 },
    viewer: { read: 200, users: 403, keys: 403, tree: 403 },
    ingest: { read: 403, users: 403, keys: 403, tree: 403 },
  };

  test('every change from one role to another takes effect in the same session', async () => {
    const person = await joinAs('viewer', { hostId: 'ana' });
    const roles = Object.keys(expected);
    for (const from of roles)
      for (const to of roles) {
        if (from === to) continue;
        if ((await owner.json(`/v1/users/${person.id}`)).body.role !== from)
          await change(person, { role: from });
        await change(person, { role: to });
        await expect.poll(() => may(person), { interval: 100 }).toEqual(expected[to]);
      }
  });

  test('a narrower scope, fewer ledgers and a removed permission take effect in the same way', async () => {
    const person = await joinAs('auditor', { permissions: ['users.manage'] });
    await server.send([
      { action: 'x.y', actor: { id: 'luis' }, module: 'billing' },
      { action: 'x.y', actor: { id: 'ana' }, module: 'access' },
    ]);
    const count = async (): Promise<number> =>
      (await person.json('/v1/events?count=true&action=x.y')).body.count;
    const soon = async (wanted: number): Promise<void> => {
      await expect.poll(count).toBe(wanted);
    };
    await soon(2);
    await change(person, { scope: 'modules', modules: ['billing'] });
    await soon(1);
    await change(person, { scope: 'own', hostId: 'nobody' });
    await soon(0);
    await change(person, { scope: 'all' });
    await soon(2);
    expect(await statusOf(person, '/v1/users')).toBe(200);
    await change(person, { permissions: [] });
    await expect.poll(() => statusOf(person, '/v1/users')).toBe(403);
    // This is a change by another server.
    await database.query("update user_account set ledgers = '{default.none}' where id = $1", [person.id]);
    await expect.poll(async () => (await person.json('/v1/ledgers')).body.ledgers).toEqual([]);
  });

  test('a live view ends when its reader loses the right to read', async () => {
    const person = await joinAs('auditor');
    const response = await person.fetch('/v1/tail');
    const reader = response.body?.getReader();
    await change(person, { role: 'ingest' });
    let ended = false;
    void (async () => {
      while (!(await reader?.read())?.done);
      ended = true;
    })();
    await expect.poll(() => ended).toBe(true);
  });

  test('nobody can give more than they have: an administrator can neither make nor change an owner', async () => {
    const administrator = await joinAs('administrator');
    const invite = (role: string, more: object = {}): Promise<number> =>
      administrator
        .fetch('/v1/users', {
          method: 'POST',
          body: JSON.stringify({ email: `${role}@x.example.com`, name: 'x', role, ...more }),
        })
        .then(({ status }) => status);
    expect(await invite('owner')).toBe(403);
    expect(await invite('auditor', { permissions: ['operator'] })).toBe(403);
    // A permission of a pack is in no built-in role, so an owner has to give it first.
    const ofPack = { permissions: ['can_view_deletion_audit_logs'] };
    expect(await invite('viewer', ofPack)).toBe(403);
    const body = JSON.stringify(ofPack);
    expect((await owner.fetch(`/v1/users/${administrator.id}`, { method: 'PUT', body })).status).toBe(200);
    await expect.poll(() => invite('viewer', ofPack)).toBe(201);
    for (const [path, method, body] of [
      ['', 'PUT', '{"role":"viewer"}'],
      ['', 'DELETE', ''],
      ['/link', 'POST', '{}'],
      ['/sessions', 'DELETE', ''],
    ] as const) {
      const answer = await administrator.fetch(`/v1/users/${owner.id}${path}`, {
        method,
        ...(body === '' ? {} : { body }),
      });
      expect([path, method, answer.status]).toEqual([path, method, 403]);
    }
  });
});
