import { randomUUID } from 'node:crypto';
import { sqlState, type Database } from '../storage/index.ts';
import type { RoleName } from '../access/index.ts';
import { normalEmail, userColumns, type User } from './users.ts';

/** A person whom an identity provider vouches for. Issuer and subject identify them, never the e-mail. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | undefined;
  /** Present only when the provider says that the address was verified. */
  readonly email: string | undefined;
}

export interface Identities {
  /**
   * The user with this identity. When there is none, the invited user with the same e-mail gets the identity. When nobody
   * was invited either, a user of `defaultRole` is made; without a `defaultRole` the answer is undefined.
   */
  userOf(tenant: number, identity: Identity, defaultRole: RoleName | undefined): Promise<User | undefined>;
}

export function createIdentities(database: Database): Identities {
  return {
    async userOf(tenant, { issuer, subject, name, email }, defaultRole) {
      try {
        return await database.write({ tenant, ledgers: [] }, async (client) => {
          const existing = await client.query<User>(
            `select ${userColumns} from user_account where tenant = $1 and oidc_issuer = $2 and oidc_subject = $3`,
            [tenant, issuer, subject],
          );
          if (existing.rows[0] || email === undefined) return existing.rows[0];
          const invited = await client.query<User>(
            `update user_account set oidc_issuer = $2, oidc_subject = $3, state = 'active'
             where tenant = $1 and email = $4 and state = 'invited' and oidc_subject is null returning ${userColumns}`,
            [tenant, issuer, subject, normalEmail(email)],
          );
          if (invited.rows[0] || defaultRole === undefined) return invited.rows[0];
          const scope = defaultRole === 'viewer' ? 'own' : 'all';
          const inserted = await client.query<User>(
            `insert into user_account (tenant, id, email, name, role, scope, host_id, state, oidc_issuer, oidc_subject)
             values ($1, $2, $3, $4, $5, $6, $7, 'active', $8, $9) returning ${userColumns}`,
            [
              tenant,
              randomUUID(),
              normalEmail(email),
              (name ?? email).slice(0, 200),
              defaultRole,
              scope,
              scope === 'own' ? subject : null,
              issuer,
              subject,
            ],
          );
          return inserted.rows[0];
        });
      } catch (error) {
        // Another user has this e-mail. The address alone gives no access to their account.
        if (sqlState(error) === '23505') return undefined;
        throw error;
      }
    },
  };
}
