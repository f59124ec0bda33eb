import type { Transport } from './transport.ts';

export interface Tenant {
  readonly name: string;
}

export interface TenantsApi {
  create(input: { readonly name: string }): Promise<Tenant>;
  list(): Promise<readonly Tenant[]>;
}

export function createTenantsApi(transport: Transport): TenantsApi {
  return {
    create: (input) =>
      transport.json('POST', '/v1/tenants', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      }),
    async list() {
      const { tenants } = await transport.json<{ readonly tenants: readonly Tenant[] }>('GET', '/v1/tenants');
      return tenants;
    },
  };
}
