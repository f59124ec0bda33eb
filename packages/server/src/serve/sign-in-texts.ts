export const pageLanguages = ['en', 'es', 'ru'] as const;
export type PageLanguage = (typeof pageLanguages)[number];

const english = {
  signIn: 'Sign in',
  email: 'E-mail',
  password: 'Password',
  forgot: 'Forgot your password?',
  wrong: 'E-mail or password is not right.',
  wrongCode: 'That code is not right.',
  locked: 'Too many attempts. Try again in {minutes} min.',
  code: 'Code of your authenticator app, or a recovery code',
  codeTitle: 'One more step',
  next: 'Continue',
  newPassword: 'New password',
  setTitle: 'Set your password',
  rule: 'At least 12 characters. Spaces and letters of any language count.',
  badEmail: 'That is no e-mail address, or it is taken.',
  weak: 'That password will not do: at least 12 characters, not all alike.',
  save: 'Save and sign in',
  gone: 'This link was used, or its time is over. Ask for a new one.',
  forgotTitle: 'Reset your password',
  send: 'Send me a link',
  sent: 'If there is such a user, a link is on its way.',
  provider: 'Sign in with your organisation',
  providerFailed: 'Signing in with your organisation did not work. Try again, or ask your administrator.',
  back: 'Back',
  unsafe: 'Signing in needs https: ask whoever runs this server.',
};

export type PageTexts = typeof english;

export const pageTexts: Readonly<Record<PageLanguage, PageTexts>> = {
  en: english,
  es: {
    signIn: 'Iniciar sesión',
    email: 'Correo electrónico',
    password: 'Contraseña',
    forgot: '¿Olvidó su contraseña?',
    wrong: 'El correo o la contraseña no son correctos.',
    wrongCode: 'Ese código no es correcto.',
    locked: 'Demasiados intentos. Vuelva a probar en {minutes} min.',
    code: 'Código de su aplicación de autenticación, o un código de recuperación',
    codeTitle: 'Un paso más',
    next: 'Continuar',
    newPassword: 'Contraseña nueva',
    setTitle: 'Establezca su contraseña',
    rule: 'Al menos 12 caracteres. Cuentan los espacios y las letras de cualquier idioma.',
    badEmail: 'Eso no es un correo electrónico, o ya está en uso.',
    weak: 'Esa contraseña no sirve: al menos 12 caracteres, no todos iguales.',
    save: 'Guardar e iniciar sesión',
    gone: 'Este enlace ya se usó o caducó. Pida otro.',
    forgotTitle: 'Restablecer la contraseña',
    send: 'Enviarme un enlace',
    sent: 'Si existe ese usuario, el enlace está en camino.',
    provider: 'Iniciar sesión con su organización',
    providerFailed:
      'No se pudo iniciar sesión con su organización. Inténtelo de nuevo o consulte a su administrador.',
    back: 'Volver',
    unsafe: 'Para iniciar sesión hace falta https: consulte a quien administra este servidor.',
  },
  ru: {
    signIn: 'Войти',
    email: 'Электронная почта',
    password: 'Пароль',
    forgot: 'Забыли пароль?',
    wrong: 'Неверная почта или пароль.',
    wrongCode: 'Неверный код.',
    locked: 'Слишком много попыток. Повторите через {minutes} мин.',
    code: 'Код из приложения-аутентификатора или резервный код',
    codeTitle: 'Ещё один шаг',
    next: 'Продолжить',
    newPassword: 'Новый пароль',
    setTitle: 'Задайте пароль',
    rule: 'Не менее 12 символов. Пробелы и буквы любого языка считаются.',
    badEmail: 'Это не адрес почты, или он уже занят.',
    weak: 'Пароль не подходит: не менее 12 символов, не все одинаковые.',
    save: 'Сохранить и войти',
    gone: 'Ссылка уже использована или устарела. Запросите новую.',
    forgotTitle: 'Сброс пароля',
    send: 'Прислать ссылку',
    sent: 'Если такой пользователь есть, ссылка уже в пути.',
    provider: 'Войти через организацию',
    providerFailed: 'Не удалось войти через организацию. Попробуйте ещё раз или обратитесь к администратору.',
    back: 'Назад',
    unsafe: 'Для входа нужен https: обратитесь к администратору сервера.',
  },
};

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

/** The best of our languages for an `Accept-Language` header. */
export function pageLanguageOf(header: string | undefined): PageLanguage {
  const wanted = (header ?? '')
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const q = /^q=([\d.]+)$/.exec(parameters[0]?.trim() ?? '')?.[1];
      return {
        language: pageLanguages.find((one) => tag.split('-')[0] === one),
        weight: q === undefined ? 1 : Number(q),
      };
    })
    .filter(({ language, weight }) => language !== undefined && weight > 0)
    .sort((a, b) => b.weight - a.weight);
  return wanted[0]?.language ?? 'en';
}
