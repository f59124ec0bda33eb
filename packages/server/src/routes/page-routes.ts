import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Route } from '../http/index.ts';

const html = 'text/html; charset=utf-8';
/** Only what is served from here runs: an event's text can never become a program. */
export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** The page of the newest entries and the API reference, until the dashboard takes over. */
export function pageRoutes(document: () => Record<string, unknown>): Route[] {
  const file = (path: string, name: string, mediaType: string): Route => ({
    method: 'GET',
    path,
    summary: `The page ${name}`,
    scope: undefined,
    answer: { status: 200, mediaType },
    handle({ reply }) {
      void reply
        .header('content-security-policy', pagePolicy)
        .header('cache-control', 'no-cache')
        .header('x-content-type-options', 'nosniff')
        .header('referrer-policy', 'same-origin');
      return Promise.resolve(readFileSync(new URL(`../../pages/${name}`, import.meta.url), 'utf8'));
    },
  });
  return [
    {
      method: 'GET',
      path: '/',
      summary: 'To the page of the newest entries',
      scope: undefined,
      answer: { status: 302, mediaType: html },
      handle: ({ reply }) => Promise.resolve(reply.redirect('/app/')),
    },
    file('/app/', 'entries.html', html),
    file('/app/reference', 'reference.html', html),
    file('/app/page.css', 'page.css', 'text/css; charset=utf-8'),
    file('/app/sign-in.css', 'sign-in.css', 'text/css; charset=utf-8'),
    file('/app/entries.js', 'entries.js', 'text/javascript; charset=utf-8'),
    file('/app/reference.js', 'reference.js', 'text/javascript; charset=utf-8'),
    {
      method: 'GET',
      path: '/openapi.json',
      summary: 'This document',
      scope: undefined,
      answer: {
        status: 200,
        mediaType: 'application/json; charset=utf-8',
        schema: z.record(z.string(), z.unknown()),
      },
      handle: () => Promise.resolve(document()),
    },
  ];
}
