import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAudit, withContext, type Audit } from '@bitacora/sdk';
import { auditPool } from '@bitacora/sdk/pg';
import { createHostDatabase, everybodyLeft } from '../../support/host-database.ts';
import type { PackInstallation } from '../../support/pack-installation.ts';
import { runPostgres, type PostgresCluster } from '../../support/run-postgres.ts';
import type { TestServer } from '../../support/test-server.ts';

const client = { ip: '192.168.1.7', userAgent: 'Firefox' };
let server: TestServer;
let cluster: PostgresCluster;
let audit: Audit;
let pool: pg.Pool;

export function changeRows(installation: () => PackInstallation): void {
  beforeAll(async () => {
    server = await installation().tenant('cambios');
    cluster = await runPostgres({ fsync: 'off' });
    audit = createAudit({ name: 'condominio', url: server.url, key: server.key });
    const connectionString = await createHostDatabase(cluster.url, 'condominio');
    const plain = new pg.Pool({ connectionString });
    await plain.query(
      'create table cargo (id integer primary key, concepto text not null, monto numeric not null)',
    );
    // The nouns of the actions are enough to make the changes the pack's kinds crear, actualizar and eliminar.
    pool = auditPool(plain, audit, { tables: { cargo: { actionNoun: 'object' } }, write: 'after_commit' });
  });
  afterAll(async () => {
    await audit?.close(1_000);
    await pool?.end();
    await everybodyLeft(cluster.url);
    await cluster?.close();
  });

  test('C-02 C-04 rows that the application writes become registros with the states before and after and the user, without code in the handlers', async () => {
    await withContext({ actor: { type: 'user', id: '5', name: 'Ana Rojas' }, client }, async () => {
      await pool.query("insert into cargo values (1, 'Expensas', 100), (2, 'Multa', 50)");
      await pool.query('update cargo set monto = monto + 10');
      await pool.query('delete from cargo where id = 2');
    });
    expect((await audit.flush(10_000)).pending).toBe(0);
    const { body } = await server.json('/api/audit/registros/?usuario=5');
    expect(body.results.map((row: any) => row.tipo_actividad).toSorted()).toEqual(
      ['actualizar', 'actualizar', 'crear', 'crear', 'eliminar'].toSorted(),
    );
    for (const row of body.results) {
      expect(row.usuario_info).toMatchObject({ id: 5, nombre_completo: 'Ana Rojas' });
      expect(row.ip_address).toBe(client.ip);
    }
    const updates = body.results.filter((row: any) => row.tipo_actividad === 'actualizar');
    const seen = await Promise.all(
      updates.map(async ({ id }: any) => (await server.json(`/api/audit/registros/${id}/`)).body),
    );
    const changed = seen.map((row) => ({
      type: row.content_type,
      id: row.object_id,
      agent: row.user_agent,
      before: row.datos_anteriores,
      after: row.datos_nuevos,
    }));
    expect(changed.toSorted((a, b) => a.id - b.id)).toEqual([
      {
        type: 'cargo',
        id: 1,
        agent: client.userAgent,
        before: { monto: '100' },
        after: { monto: '110' },
      },
      {
        type: 'cargo',
        id: 2,
        agent: client.userAgent,
        before: { monto: '50' },
        after: { monto: '60' },
      },
    ]);
  });
}
