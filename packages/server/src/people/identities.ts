import { randomUUID } from 'node:crypto';
import { sqlState, type Database } from '../storage/index.ts';
import type { RoleName } from '../access/index.ts';
import { normalEmail, userColumns, type User } from './users.ts';

/** Whom an identity provider vouches for: issuer and subject are the identity, never the e-mail. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | undefined;
  /** Only when the provider says that it was verified. */
  readonly email: string | undefined;
}

export interface Identities {
  /**
   * The user of an identity. At the first time it is tied to the open invitation of its e-mail; whoever was not invited
   * becomes a user of `defaultRole`, or undefined where there is none.
   */
  userOf(tenant: number, identity: Identity, defaultRole: RoleName | undefined): Promise<User | undefined>;
}

export function createIdentities(database: Database): Identities {
  return {
    async userOf(tenant, { issuer, subject, name, email }, defaultRole) {
      try {
        return await database.write({ tenant, ledgers: [] }, async (client) => {
          const known = await client.query<User>(
            `select ${userColumns} from user_account where tenant = $1 and oidc_issuer = $2 and oidc_subject = $3`,
            [tenant, issuer, subject],
          );
          if (known.rows[0] || email === undefined) return known.rows[0];
          const invited = await client.query<User>(
            `update user_account set oidc_issuer = $2, oidc_subject = $3, state = 'active'
             where tenant = $1 and email = $4 and state = 'invited' and oidc_subject is null returning ${userColumns}`,
            [tenant, issuer, subject, normalEmail(email)],
          );
          if (invited.rows[0] || defaultRole === undefined) return invited.rows[0];
          const scope = defaultRole === 'viewer' ? 'own' : 'all';
          const made = await client.query<User>(
            `insert into user_account (tenant, id, email, name, role, scope, host_id, state, oidc_issuer, oidc_subject)
             values ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9) returning ${userColumns}`,
            [
              ...[
                tenant,
                randomUUID(),
                normalEmail(email),
                (name ?? email).slice(0, 200),
                defaultRole,
                scope,
              ],
              ...[scope === 'own' ? subject : null, issuer, subject],
            ],
          );
          return made.rows[0];
        });
      } catch (error) {
        // The e-mail is that of another user: nobody takes over an account by its address.
        if (sqlState(error) === '23505') return undefined;
        throw error;
      }
    },
  };
}
