export { createIdentities, type Identities } from './identities.ts';
export { createMail, type Mail } from './mail.ts';
export { createPeople, type People } from './people.ts';
export { createProvider, type Provider, type OidcSettings, type Vouched } from './provider.ts';
export type { SignInAnswer } from './sign-in.ts';
export type { Origin, SignedIn, UserSession, UserSessions } from './user-sessions.ts';
export type { User } from './users.ts';
export { pageLanguageOf, type PageLanguage } from './page-language.ts';
