import { parseEvent } from '@bitacora/event';
import { expect, test } from 'vitest';
import { cleanText, shortText } from './clean-text.ts';
import { recordable } from './recordable.ts';
import { recordableUrl } from './recordable-url.ts';
import { requestLimits } from './request-limits.ts';

const { textLengthMaxChars, urlLengthMaxChars } = requestLimits;

test('a value within the limits is copied as it is', () => {
  const sent = { a: 'x'.repeat(textLengthMaxChars), b: [1, true, null, { c: 'ñ' }], d: 1.5 };
  expect(recordable(sent)).toEqual(sent);
});

test('a value beyond the limits is replaced by its size', () => {
  expect(recordable('x'.repeat(textLengthMaxChars + 1))).toBe(`[${textLengthMaxChars + 1} characters]`);
  expect(recordable(Buffer.alloc(9))).toBe('[9 bytes]');
  expect(recordable(Array(200).fill(1))).toContain('[50 more]');
  expect(recordable(Object.fromEntries(Array.from({ length: 151 }, (_, n) => [`k${n}`, n])))).toMatchObject({
    '…': '[1 more]',
  });
  expect(JSON.stringify(recordable(JSON.parse('['.repeat(50) + ']'.repeat(50))))).toContain('[too deep]');
});

test('for any request of a client the largest event is accepted', () => {
  const worst = Array.from({ length: 150 }, () => '\u0001'.repeat(textLengthMaxChars));
  const event = {
    action: 'http.request',
    actor: { id: 'a' },
    request: { url: recordableUrl(`/${'é'.repeat(urlLengthMaxChars * 2)}`) },
    error: { message: shortText(`${'\u0001'.repeat(100)} `.repeat(100), requestLimits.errorLengthMaxChars) },
    attributes: {
      http: {
        query: recordable({ constructor: worst, '\0': '\ud800', n: 2 ** 60 }),
        body: recordable({ worst }),
      },
    },
  };
  expect(
    parseEvent(JSON.parse(JSON.stringify(event)), { createId: () => '01a1fe33-9e70-7181-9cbb-87c4ae2583b4' })
      .ok,
  ).toBe(true);
});

test('a URL that is too long loses its query first, then the end of its path', () => {
  expect(recordableUrl(`/a?${'q'.repeat(urlLengthMaxChars)}`)).toBe(`/a?[${urlLengthMaxChars} characters]`);
  expect(recordableUrl(`/a/${'b'.repeat(urlLengthMaxChars)}`)).toBe(
    `/a/[${urlLengthMaxChars + 3} characters]`,
  );
});

test('texts lose NUL and lone surrogates, and are not cut within a word', () => {
  expect(cleanText('a\0b\ud800c😀')).toBe('a\ufffdb\ufffdc😀');
  expect(shortText('two words secret-secret', 15)).toBe('two words … [23 characters]');
});
