import type { Database } from '../storage/index.ts';
import { makeBearerSecret, readBearerSecret } from './bearer-secret.ts';

export type LinkPurpose = 'owner' | 'invite' | 'reset' | 'code';

export interface OneTimeLink {
  tenant: number;
  user: string;
  purpose: LinkPurpose;
}

/** Secrets that work once and for a limited time: links sent by mail, and sign-ins that still need a code. */
export interface OneTimeLinks {
  /** Makes a secret and ends the user's earlier ones for the same purpose. */
  make(link: OneTimeLink): Promise<string>;
  /** The link of a secret that still works; does not use it up. */
  look(secret: string): Promise<OneTimeLink | undefined>;
  /** Uses a secret up and returns its link. Of two callers at the same moment only one gets it. */
  use(secret: string): Promise<OneTimeLink | undefined>;
  /** Ends all links of a user. */
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
    const parsed = readBearerSecret(secret);
    if (!parsed) return undefined;
    const { tenant, hash } = parsed;
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
