import { pageTexts } from './sign-in-texts.ts';
import { type PageLanguage } from '../../people/index.ts';

/** The pages work without a script: forms that the browser sends, labels that a password manager knows. */
export interface SignInPages {
  signIn(options: {
    language: PageLanguage;
    tenant: string;
    email?: string;
    problem?: string;
    provider: boolean;
  }): string;
  code(options: { language: PageLanguage; pending: string; problem?: string }): string;
  password(options: {
    language: PageLanguage;
    secret: string;
    email: string;
    /** The first owner names his own. */
    ownEmail: boolean;
    problem?: string;
  }): string;
  forgot(options: { language: PageLanguage; tenant: string; sent: boolean }): string;
  message(options: { language: PageLanguage; text: string }): string;
}

export function createSignInPages(): SignInPages {
  return {
    signIn({ language, tenant, email = '', problem, provider }) {
      const t = pageTexts[language];
      return page(language, t.signIn, [
        note(problem),
        form('/app/sign-in', [
          hidden('tenant', tenant),
          field(
            'email',
            t.email,
            `type="email" autocomplete="username" required value="${escaped(email)}"${email === '' ? ' autofocus' : ''}`,
          ),
          field(
            'password',
            t.password,
            `type="password" autocomplete="current-password" required${email === '' ? '' : ' autofocus'}`,
          ),
          button(t.signIn),
        ]),
        provider ? `<p><a class="button" href="/app/sign-in/provider">${escaped(t.provider)}</a></p>` : '',
        `<p><a href="/app/forgot?tenant=${encodeURIComponent(tenant)}">${escaped(t.forgot)}</a></p>`,
      ]);
    },
    code({ language, pending, problem }) {
      const t = pageTexts[language];
      return page(language, t.codeTitle, [
        note(problem),
        form('/app/sign-in/code', [
          hidden('pending', pending),
          field(
            'code',
            t.code,
            'autocomplete="one-time-code" required autofocus maxlength="40" spellcheck="false"',
          ),
          button(t.next),
        ]),
      ]);
    },
    password({ language, secret, email, ownEmail, problem }) {
      const t = pageTexts[language];
      return page(language, t.setTitle, [
        note(problem),
        form('/app/link', [
          hidden('secret', secret),
          field(
            'email',
            t.email,
            `type="email" autocomplete="username" ${ownEmail ? 'required autofocus' : 'readonly'} value="${escaped(email)}"`,
          ),
          field(
            'password',
            t.newPassword,
            'type="password" autocomplete="new-password" required minlength="12" aria-describedby="rule"',
          ),
          `<p id="rule" class="soft">${escaped(t.rule)}</p>`,
          button(t.save),
        ]),
      ]);
    },
    forgot({ language, tenant, sent }) {
      const t = pageTexts[language];
      const ask = form('/app/forgot', [
        hidden('tenant', tenant),
        field('email', t.email, 'type="email" autocomplete="username" required autofocus'),
        button(t.send),
      ]);
      return page(language, t.forgotTitle, [
        sent ? `<p role="status">${escaped(t.sent)}</p>` : ask,
        `<p><a href="/app/sign-in">${escaped(t.back)}</a></p>`,
      ]);
    },
    message({ language, text }) {
      const t = pageTexts[language];
      return page(language, t.signIn, [note(text), `<p><a href="/app/sign-in">${escaped(t.back)}</a></p>`]);
    },
  };
}

function page(language: PageLanguage, title: string, parts: readonly string[]): string {
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="robots" content="noindex" />
<title>Bitácora – ${escaped(title)}</title>
<link rel="stylesheet" href="/app/page.css" />
<link rel="stylesheet" href="/app/sign-in.css" />
</head>
<body>
<main>
<p class="name">Bitácora</p>
<h1>${escaped(title)}</h1>
${parts.filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`;
}

function form(action: string, parts: readonly string[]): string {
  return `<form method="post" action="${action}">\n${parts.join('\n')}\n</form>`;
}

function field(name: string, label: string, attributes: string): string {
  return `<label for="${name}">${escaped(label)}</label>\n<input id="${name}" name="${name}" ${attributes} />`;
}

function hidden(name: string, value: string): string {
  return `<input type="hidden" name="${name}" value="${escaped(value)}" />`;
}

function button(text: string): string {
  return `<button>${escaped(text)}</button>`;
}

function note(text: string | undefined): string {
  return text === undefined ? '' : `<p class="problem" role="alert">${escaped(text)}</p>`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
