import type { Transport } from './transport.ts';

export type RoleName = 'owner' | 'administrator' | 'auditor' | 'analyst' | 'viewer' | 'ingest';

/** A person who signs in to Bitácora itself. */
export interface User {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: RoleName;
  /** The entries that the role reaches; `own`: entries whose actor or subject is `hostId`. */
  readonly scope: 'all' | 'own' | 'modules' | 'subjects';
  readonly hostId: string | null;
  readonly modules: readonly string[];
  readonly subjects: readonly string[];
  /** The ledgers that the user may read; null: all ledgers of the tenant. */
  readonly ledgers: readonly string[] | null;
  /** Permissions beside those of the role. */
  readonly permissions: readonly string[];
  readonly state: 'invited' | 'active' | 'disabled';
  readonly totp: boolean;
  readonly createdAt: string;
  readonly lastSignInAt: string | null;
}

export type UserInput = Pick<User, 'email' | 'name' | 'role'> & Partial<UserRights>;
export type UserChange = Partial<UserRights & Pick<User, 'name' | 'role'>> & {
  readonly state?: 'active' | 'disabled';
};
type UserRights = Pick<User, 'scope' | 'hostId' | 'modules' | 'subjects' | 'ledgers' | 'permissions'>;

/** `link` is null when it was sent by mail. */
export interface SentLink {
  readonly link: string | null;
  readonly expiresInHours: number;
}

export interface Role {
  readonly name: RoleName;
  readonly permissions: readonly string[];
  readonly scope: 'all' | 'own';
}

export interface UsersApi {
  list(): Promise<readonly User[]>;
  get(id: string): Promise<User>;
  invite(input: UserInput): Promise<SentLink & { readonly user: User }>;
  /** Members that are absent stay as they are. */
  change(id: string, change: UserChange): Promise<User>;
  remove(id: string): Promise<void>;
  /** Sends a new invitation, or a password reset to a person who has signed in before. */
  sendLink(id: string, options?: { readonly removeCodes?: boolean }): Promise<SentLink>;
  endSessions(id: string): Promise<void>;
  roles(): Promise<readonly Role[]>;
}

export function createUsersApi(transport: Transport): UsersApi {
  const json = (body: unknown): { headers: { 'content-type': string }; body: string } => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const of = (id: string): string => `/v1/users/${encodeURIComponent(id)}`;
  return {
    async list() {
      return (await transport.json<{ readonly users: readonly User[] }>('GET', '/v1/users')).users;
    },
    get: (id) => transport.json('GET', of(id)),
    invite: (input) => transport.json('POST', '/v1/users', json(input)),
    change: (id, change) => transport.json('PUT', of(id), json(change)),
    async remove(id) {
      await transport.send('DELETE', of(id));
    },
    sendLink: (id, options = {}) => transport.json('POST', `${of(id)}/link`, json(options)),
    async endSessions(id) {
      await transport.send('DELETE', `${of(id)}/sessions`);
    },
    async roles() {
      return (await transport.json<{ readonly roles: readonly Role[] }>('GET', '/v1/roles')).roles;
    },
  };
}
