import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from './support/test-server.ts';

let server: TestServer;
beforeAll(async () => void (server = await startTestServer()));
afterAll(() => server?.dispose());

async function open(
  path: string,
  language = 'es',
): Promise<{ status: number; type: string; text: string; location: string | null }> {
  const response = await fetch(server.url + path, {
    redirect: 'manual',
    headers: { 'accept-language': language },
  });
  const type = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    type,
    text: await response.text(),
    location: response.headers.get('location'),
  };
}

test('F-04 the address that the page has after a search opens it again', async () => {
  const plain = await open('/app/');
  expect(plain).toMatchObject({ status: 200, type: 'text/html; charset=utf-8' });
  for (const query of ['?q=actor%3Aana', '?q=', '?q=%22', '?from=mail&x=1', '?'])
    expect(await open(`/app/${query}`)).toEqual(plain);
});

test('F-04 an address below the page that is none of ours is a page in the language of the reader, and /app is the page', async () => {
  expect(await open('/app')).toEqual(await open('/app/'));
  expect(await open('/')).toMatchObject({ status: 302, location: '/app/' });
  for (const [language, title] of [
    ['es', 'Esa página no existe'],
    ['ru', 'Такой страницы нет'],
    ['de', 'There is no such page'],
  ] as const) {
    const answer = await open('/app/alerts/7?q=%3Cscript%3E', language);
    expect(answer).toMatchObject({ status: 404, type: 'text/html; charset=utf-8' });
    expect(answer.text).toContain(`<h1>${title}</h1>`);
    expect(answer.text).not.toContain('script');
  }
  for (const path of ['/apps', '/v1/none', '/app%2Fx'])
    expect((await open(path)).type).toContain('application/problem+json');
  const posted = await fetch(`${server.url}/app/none`, { method: 'POST' });
  expect([posted.status, posted.headers.get('content-type')]).toEqual([
    404,
    expect.stringContaining('application/problem+json'),
  ]);
});
