import type { Database } from '../storage/index.ts';
import { createOneTimeLinks, type OneTimeLinks } from './one-time-links.ts';
import { createPasswords } from './passwords.ts';
import { createSecretBox } from '../access/index.ts';
import { createSignIn, type SignIn } from './sign-in.ts';
import { createSignInGuard } from './sign-in-guard.ts';
import { createTotpCodes, type TotpCodes } from './totp.ts';
import { createUserSessions, type SessionLimits, type UserSessions } from './user-sessions.ts';
import { createUsers, type Users } from './users.ts';
import { createViewerKeys, type ViewerKeys } from '../access/index.ts';

/** Everything about the people who sign in to Bitácora itself. */
export interface People {
  users: Users;
  sessions: UserSessions;
  links: OneTimeLinks;
  signIn: SignIn;
  totp: TotpCodes;
  viewerKeys: ViewerKeys;
}

export function createPeople(options: {
  database: Database;
  /** The installation's master secret: 32 bytes. */
  master: Buffer;
  limits: SessionLimits;
  clock: () => number;
}): People {
  const { database, master, limits, clock } = options;
  const users = createUsers(database);
  const sessions = createUserSessions({ database, limits, clock });
  const links = createOneTimeLinks(database);
  const totp = createTotpCodes({ database, box: createSecretBox(master, 'totp'), clock });
  return {
    users,
    sessions,
    links,
    totp,
    viewerKeys: createViewerKeys({ database, box: createSecretBox(master, 'viewer-key'), clock }),
    signIn: createSignIn({
      database,
      users,
      passwords: createPasswords(),
      links,
      sessions,
      guard: createSignInGuard(database),
      totp,
      secret: master,
    }),
  };
}
