import { pageTexts } from './sign-in-texts.ts';
import { type PageLanguage } from '../../people/index.ts';

/** Pages that work without a script, with field names that password managers recognise. */
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
    /** The first owner enters their own address. */
    ownEmail: boolean;
    problem?: string;
  }): string;
  forgot(options: { language: PageLanguage; tenant: string; sent: boolean }): string;
  message(options: { language: PageLanguage; text: string }): string;
}

export function createSignInPages(): SignInPages {
  return {
    signIn: signInPage,
    code: codePage,
    password: passwordPage,
    forgot: forgotPage,
    message: messagePage,
  };
}

function signInPage({
  language,
  tenant,
  email = '',
  problem,
  provider,
}: Parameters<SignInPages['signIn']>[0]): string {
  const texts = pageTexts[language];
  return page(language, texts.signIn, [
    note(problem),
    form('/app/sign-in', [
      hidden('tenant', tenant),
      field(
        'email',
        texts.email,
        `type="email" autocomplete="username" required value="${escaped(email)}"${email === '' ? ' autofocus' : ''}`,
      ),
      field(
        'password',
        texts.password,
        `type="password" autocomplete="current-password" required${email === '' ? '' : ' autofocus'}`,
      ),
      button(texts.signIn),
    ]),
    provider ? `<p><a class="button" href="/app/sign-in/provider">${escaped(texts.provider)}</a></p>` : '',
    `<p><a href="/app/forgot?tenant=${encodeURIComponent(tenant)}">${escaped(texts.forgot)}</a></p>`,
  ]);
}

function codePage({ language, pending, problem }: Parameters<SignInPages['code']>[0]): string {
  const texts = pageTexts[language];
  return page(language, texts.codeTitle, [
    note(problem),
    form('/app/sign-in/code', [
      hidden('pending', pending),
      field(
        'code',
        texts.code,
        'autocomplete="one-time-code" required autofocus maxlength="40" spellcheck="false"',
      ),
      button(texts.next),
    ]),
  ]);
}

function passwordPage({
  language,
  secret,
  email,
  ownEmail,
  problem,
}: Parameters<SignInPages['password']>[0]): string {
  const texts = pageTexts[language];
  return page(language, texts.setTitle, [
    note(problem),
    form('/app/link', [
      hidden('secret', secret),
      field(
        'email',
        texts.email,
        `type="email" autocomplete="username" ${ownEmail ? 'required autofocus' : 'readonly'} value="${escaped(email)}"`,
      ),
      field(
        'password',
        texts.newPassword,
        'type="password" autocomplete="new-password" required minlength="12" aria-describedby="rule"',
      ),
      `<p id="rule" class="soft">${escaped(texts.rule)}</p>`,
      button(texts.save),
    ]),
  ]);
}

function forgotPage({ language, tenant, sent }: Parameters<SignInPages['forgot']>[0]): string {
  const texts = pageTexts[language];
  const ask = form('/app/forgot', [
    hidden('tenant', tenant),
    field('email', texts.email, 'type="email" autocomplete="username" required autofocus'),
    button(texts.send),
  ]);
  return page(language, texts.forgotTitle, [
    sent ? `<p role="status">${escaped(texts.sent)}</p>` : ask,
    `<p><a href="/app/sign-in">${escaped(texts.back)}</a></p>`,
  ]);
}

function messagePage({ language, text }: Parameters<SignInPages['message']>[0]): string {
  const texts = pageTexts[language];
  return page(language, texts.signIn, [
    note(text),
    `<p><a href="/app/sign-in">${escaped(texts.back)}</a></p>`,
  ]);
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
