import { argon2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { createPasswords } from './passwords.ts';

const passwords = createPasswords();
const good = 'correcto caballo batería';

test('a hash is argon2id as other libraries compute it, with its own salt', async () => {
  const [one, two] = await Promise.all([passwords.hash(good), passwords.hash(good)]);
  expect(one).not.toBe(two);
  const [, , , , salt = '', tag = ''] = one.split('$');
  const again = argon2Sync('argon2id', {
    message: good.normalize('NFC'),
    nonce: Buffer.from(salt, 'base64'),
    memory: 47_104,
    passes: 2,
    parallelism: 1,
    tagLength: 32,
  });
  expect(again.toString('base64').replace('=', '')).toBe(tag);
});

test('only the right password matches, and no password matches when there is no hash', async () => {
  const stored = await passwords.hash(good);
  expect(await passwords.matches(good, stored)).toBe(true);
  expect(await passwords.matches(good.normalize('NFD'), stored)).toBe(true);
  for (const wrong of [`${good} `, good.slice(1), '', 'x'.repeat(5_000)])
    expect(await passwords.matches(wrong, stored)).toBe(false);
  expect(await passwords.matches(good, null)).toBe(false);
  expect(await passwords.matches('', null)).toBe(false);
});

test('a hash that was made with other parameters still matches', async () => {
  const nonce = Buffer.alloc(16, 7);
  const tag = argon2Sync('argon2id', {
    message: good,
    nonce,
    memory: 8_192,
    passes: 1,
    parallelism: 1,
    tagLength: 24,
  });
  const plain = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  const stored = `$argon2id$v=19$m=8192,t=1,p=1$${plain(nonce)}$${plain(tag)}`;
  expect(await passwords.matches(good, stored)).toBe(true);
  expect(await passwords.matches(`${good}!`, stored)).toBe(false);
});

test.each(['eleven long', 'abababababab', '\ud800'.repeat(20), 'x1y2'.repeat(300)])(
  'a weak password is refused: %j',
  async (password) => {
    await expect(passwords.hash(password)).rejects.toMatchObject({ code: 'invalid_parameter' });
  },
);

test('with sixty-six sign-ins at once the next is refused with a time to wait, so that sign-ins do not pile up', async () => {
  const many = await Promise.allSettled(
    Array.from({ length: 70 }, () =>
      passwords.matches(good, '$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA'),
    ),
  );
  const refused = many.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(4);
  expect(refused[0]).toMatchObject({ reason: { code: 'too_many_requests' } });
});
