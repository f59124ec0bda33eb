import {
  createPeople,
  createIdentities,
  createMail,
  type Identities,
  type Mail,
  type People,
} from '../people/index.ts';
import { createSessionCookie, type SessionCookie } from '../http/index.ts';
import type { Core } from './open-core.ts';

/** The parts that serve people who sign in to Bitácora itself. */
export interface OpenPeople {
  readonly people: People;
  readonly identities: Identities;
  readonly mail: Mail;
  readonly cookie: SessionCookie;
}

export function openPeople({ database, directory, settings, clock }: Core): OpenPeople {
  const { sessionIdleMinutes, sessionHoursMax, publicUrl } = settings;
  return {
    people: createPeople({
      database,
      master: directory.secret('master'),
      limits: { idleMinutes: sessionIdleMinutes, hoursMax: sessionHoursMax },
      clock,
    }),
    identities: createIdentities(database),
    mail: createMail(settings.mail),
    cookie: createSessionCookie({ publicUrl, hoursMax: sessionHoursMax }),
  };
}
