import { createTransport } from 'nodemailer';
import { AuditError } from '../audit-error.ts';
import { mailTexts } from './mail-texts.ts';
import type { PageLanguage } from './page-language.ts';

export interface Mail {
  /** Whether a mail server is set. */
  readonly enabled: boolean;
  /** @throws unavailable when the mail server does not accept the message */
  sendLink(message: {
    to: string;
    purpose: 'invite' | 'reset';
    link: string;
    language: PageLanguage;
  }): Promise<void>;
}

const withinMs = 10_000;

/** Invitations and resets by SMTP, as plain text. */
export function createMail(settings: { url: string; from: string } | undefined): Mail {
  const transport =
    settings &&
    createTransport({
      url: settings.url,
      connectionTimeout: withinMs,
      greetingTimeout: withinMs,
      socketTimeout: withinMs,
    });
  return {
    enabled: transport !== undefined,
    async sendLink({ to, purpose, link, language }) {
      const texts = mailTexts[language][purpose];
      try {
        await transport?.sendMail({
          from: settings?.from,
          // An object and not a text, which the library would read as a list of addresses.
          to: { name: '', address: to },
          subject: texts.subject,
          text: `${texts.body}\n\n${link}\n`,
        });
      } catch (cause) {
        throw new AuditError('unavailable', {
          detail: 'the mail server did not accept the message',
          operatorText: `mail: ${cause instanceof Error ? cause.message : String(cause)}`,
          retryAfterSeconds: 60,
          cause,
        });
      }
    },
  };
}
