import type { Database } from '../storage/index.ts';
import { makeBearerSecret, readBearerSecret } from './bearer-secret.ts';

export type LinkPurpose = 'owner' | 'invite' | 'reset' | 'code';

export interface OneTimeLink {
  tenant: number;
  user: string;
  purpose: LinkPurpose;
}

/** Secrets that work once and for a time: what is sent by mail, and the half of a sign-in that lacks its code. */
export interface OneTimeLinks {
  /** The secret; those that the user had before for the same purpose end. */
  make(link: OneTimeLink): Promise<string>;
  /** Whose it is, as long as it works; using it is another step. */
  look(secret: string): Promise<OneTimeLink | undefined>;
  /** The same, once: of two who come at the same moment one gets it. */
  use(secret: string): Promise<OneTimeLink | undefined>;
  /** Ends a user's links. */
  end(tenant: number, user: string): Promise<void>;
}

const minute = 60_000;
const livesMs: Record<LinkPurpose, number | null> = {
  owner: null,
  invite: 7 * 24 * 60 * minute,
  reset: 60 * minute,
  code: 5 * minute,
};
const valid = 'used_at is null and (expires_at is null or expires_at > now())';

export function createOneTimeLinks(database: Database): OneTimeLinks {
  const find = async (secret: string, statement: string): Promise<OneTimeLink | undefined> => {
    const read = readBearerSecret(secret);
    if (!read) return undefined;
    const { tenant, hash } = read;
    const result = await database.write({ tenant, ledgers: [] }, (client) =>
      client.query<OneTimeLink>(statement, [tenant, hash]),
    );
    return result.rows[0];
  };
  return {
    async make({ tenant, user, purpose }) {
      const { secret, hash } = makeBearerSecret(tenant);
      await database.write({ tenant, ledgers: [] }, async (client) => {
        await client.query('delete from one_time_link where tenant = $1 and user_id = $2 and purpose = $3', [
          tenant,
          user,
          purpose,
        ]);
        await client.query(
          `insert into one_time_link (tenant, hash, user_id, purpose, expires_at)
           values ($1, $2, $3, $4, now() + $5::float8 * interval '1 ms')`,
          [tenant, hash, user, purpose, livesMs[purpose]],
        );
      });
      return secret;
    },
    look: (secret) =>
      find(
        secret,
        `select tenant, user_id as "user", purpose from one_time_link where tenant = $1 and hash = $2 and ${valid}`,
      ),
    use: (secret) =>
      find(
        secret,
        `update one_time_link set used_at = now() where tenant = $1 and hash = $2 and ${valid}
         returning tenant, user_id as "user", purpose`,
      ),
    async end(tenant, user) {
      await database.write({ tenant, ledgers: [] }, (client) =>
        client.query('delete from one_time_link where tenant = $1 and user_id = $2', [tenant, user]),
      );
    },
  };
}
