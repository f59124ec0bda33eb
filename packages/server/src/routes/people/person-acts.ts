import type { FastifyRequest } from 'fastify';
import { nobody, type Grant, type Tenant, type Tenants } from '../../access/index.ts';
import type { User } from '../../people/index.ts';
import type { Ingest } from '../../ingest/index.ts';
import { reportAct, type Act } from '../../ingest/index.ts';

/** Records what a person did about signing in, with the address and the browser of their request. */
export interface PersonActs {
  report(request: FastifyRequest, who: { tenant: Tenant; user: User | undefined }, act: Act): Promise<void>;
  /** The same for a caller that has a grant. */
  reportOf(request: FastifyRequest, grant: Grant, act: Act): Promise<void>;
}

export function createPersonActs(stores: { tenants: Tenants; ingest: Ingest }): PersonActs {
  const reportOf: PersonActs['reportOf'] = async (request, grant, act) => {
    const userAgent = request.headers['user-agent']?.slice(0, 300);
    const client = { ip: request.ip, ...(userAgent === undefined ? {} : { userAgent }) };
    await reportAct(grant, { client, ...act }, stores);
  };
  return {
    reportOf,
    report: (request, { tenant, user }, act) =>
      reportOf(request, { ...nobody, tenant, caller: callerOf(user) }, act),
  };
}

/** For an unknown user the e-mail is not recorded, because some people type their password in its place. */
function callerOf(user: User | undefined): Grant['caller'] {
  if (!user) return { kind: 'nobody', id: 'unknown', name: 'unknown', roles: [] };
  return { kind: 'session', id: user.id, name: user.name, email: user.email, roles: [user.role] };
}
