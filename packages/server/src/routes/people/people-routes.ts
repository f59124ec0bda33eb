import type { Logger } from 'pino';
import type { Identities, People } from '../../people/index.ts';
import type { SecretBox, Tenants } from '../../access/index.ts';
import type { Ingest } from '../../ingest/index.ts';
import { linkRoutes } from './link-routes.ts';
import type { Mail } from '../../people/index.ts';
import { createPersonActs } from './person-acts.ts';
import { createProvider } from '../../people/index.ts';
import { providerRoutes } from './provider-routes.ts';
import type { Route } from '../../http/index.ts';
import type { SessionCookie } from '../../http/index.ts';
import type { OidcSettings } from '../../people/index.ts';
import { signInRoutes } from './sign-in-routes.ts';
import { userRoutes } from './user-routes.ts';
import { userSelfRoutes } from './user-self-routes.ts';
import { viewerKeyRoutes } from './viewer-key-routes.ts';

export interface PeopleRouteOptions {
  people: People;
  tenants: Tenants;
  ingest: Ingest;
  cookie: SessionCookie;
  mail: Mail;
  identities: Identities;
  oidc: OidcSettings | undefined;
  /** Seals what the browser keeps while it is at the identity provider. */
  box: SecretBox;
  defaultTenant: string;
  clock: () => number;
  logger: Logger;
}

/** Signing in, users, sessions, and the keys of hosts' own users. */
export function peopleRoutes(options: PeopleRouteOptions): Route[] {
  const { people, tenants, ingest, cookie, mail, oidc, logger } = options;
  const acts = createPersonActs({ tenants, ingest });
  const signIn = signInRoutes({
    people,
    tenants,
    cookie,
    acts,
    defaultTenant: options.defaultTenant,
    provider: oidc !== undefined,
  });
  const links = linkRoutes({
    people,
    tenants,
    cookie,
    mail,
    acts,
    defaultTenant: options.defaultTenant,
    onMailError: (error) => logger.error({ err: error }, 'the link to reset a password could not be sent'),
  });
  const atProvider = oidc
    ? providerRoutes({
        settings: oidc,
        provider: createProvider({ settings: oidc, box: options.box, clock: options.clock }),
        identities: options.identities,
        people,
        tenants,
        cookie,
        acts,
      })
    : [];
  return [
    ...signIn,
    ...links,
    ...atProvider,
    ...userSelfRoutes({ people, cookie, acts }),
    ...userRoutes({ people, mail, cookie, acts }),
    ...viewerKeyRoutes({ viewerKeys: people.viewerKeys, acts }),
  ];
}
