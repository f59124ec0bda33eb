import type { PageLanguage } from './page-language.ts';

type MailText = { readonly subject: string; readonly body: string };

export const mailTexts: Readonly<Record<PageLanguage, Record<'invite' | 'reset', MailText>>> = {
  en: {
    invite: {
      subject: 'Your invitation to Bitácora',
      body: 'You were invited to Bitácora. Set your password here; the link works once, within seven days:',
    },
    reset: {
      subject: 'Reset your Bitácora password',
      body: 'Set a new password here; the link works once, within an hour. If you did not ask for it, do nothing:',
    },
  },
  es: {
    invite: {
      subject: 'Su invitación a Bitácora',
      body: 'Le han invitado a Bitácora. Establezca aquí su contraseña; el enlace sirve una vez, durante siete días:',
    },
    reset: {
      subject: 'Restablecer su contraseña de Bitácora',
      body: 'Establezca aquí una contraseña nueva; el enlace sirve una vez, durante una hora. Si no lo pidió, no haga nada:',
    },
  },
  ru: {
    invite: {
      subject: 'Приглашение в Bitácora',
      body: 'Вас пригласили в Bitácora. Задайте пароль по ссылке; она действует один раз, в течение семи дней:',
    },
    reset: {
      subject: 'Сброс пароля Bitácora',
      body: 'Задайте новый пароль по ссылке; она действует один раз, в течение часа. Если вы этого не просили, ничего не делайте:',
    },
  },
};
