import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { defineRoute, jsonAnswer, type MissingPage, type Route } from '../http/index.ts';
import { pageLanguageOf, type PageLanguage } from '../people/index.ts';

const html = 'text/html; charset=utf-8';
/** The browser runs only scripts from this server, so the text of an event can never become a program. */
export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** The page of the newest entries and the API reference, until the dashboard takes over. */
export function pageRoutes(document: () => Record<string, unknown>): Route[] {
  const css = 'text/css; charset=utf-8';
  const script = 'text/javascript; charset=utf-8';
  return [
    startRoute(),
    // The page itself reads its address: `/app/?q=…`.
    { ...fileRoute('/app/', { name: 'entries.html', mediaType: html }), anyQuery: true },
    fileRoute('/app/reference', { name: 'reference.html', mediaType: html }),
    fileRoute('/app/page.css', { name: 'page.css', mediaType: css }),
    fileRoute('/app/sign-in.css', { name: 'sign-in.css', mediaType: css }),
    fileRoute('/app/entries.js', { name: 'entries.js', mediaType: script }),
    fileRoute('/app/reference.js', { name: 'reference.js', mediaType: script }),
    documentRoute(document),
  ];
}

function startRoute(): Route {
  return defineRoute({
    method: 'GET',
    path: '/',
    summary: 'To the page of the newest entries',
    permission: undefined,
    answer: { status: 302, mediaType: html },
    handle: ({ reply }) => reply.redirect('/app/'),
  });
}

const missingTexts = {
  en: { title: 'There is no such page', back: 'To the newest entries' },
  es: { title: 'Esa página no existe', back: 'Ir a las entradas más recientes' },
  ru: { title: 'Такой страницы нет', back: 'К последним записям' },
} satisfies Record<PageLanguage, Record<string, string>>;

/** What a browser shows for an address below `/app/` that is none of ours; undefined for other addresses. */
export function missingPage(path: string, acceptLanguage: string | undefined): MissingPage | undefined {
  if (!path.startsWith('/app/')) return undefined;
  const language = pageLanguageOf(acceptLanguage);
  const { title, back } = missingTexts[language];
  const body = `<!doctype html>
<html lang="${language}">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Bitácora – ${title}</title>
    <link rel="stylesheet" href="/app/page.css" />
  </head>
  <body>
    <header><h1>${title}</h1></header>
    <p><a href="/app/">${back}</a></p>
  </body>
</html>
`;
  return {
    body,
    headers: {
      'content-type': html,
      'content-language': language,
      'content-security-policy': pagePolicy,
      'referrer-policy': 'same-origin',
    },
  };
}

function fileRoute(path: string, { name, mediaType }: { name: string; mediaType: string }): Route {
  return defineRoute({
    method: 'GET',
    path,
    summary: `The page ${name}`,
    permission: undefined,
    answer: { status: 200, mediaType },
    handle({ reply }) {
      void reply
        .header('content-security-policy', pagePolicy)
        .header('cache-control', 'no-cache')
        .header('x-content-type-options', 'nosniff')
        .header('referrer-policy', 'same-origin');
      return readFileSync(new URL(`../../pages/${name}`, import.meta.url), 'utf8');
    },
  });
}

function documentRoute(document: () => Record<string, unknown>): Route {
  return defineRoute({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    permission: undefined,
    answer: jsonAnswer(z.record(z.string(), z.unknown())),
    handle: () => document(),
  });
}
