import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { auditPool, prismaTransaction } from '@bitacora/sdk/prisma';
import { takenBack, type BookingHost, type OpenOptions } from './booking-host.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const schema = `
generator client {
  provider = "prisma-client"
  output   = "./client"
}
datasource db {
  provider = "postgresql"
}
model Booking {
  id     Int      @id @default(autoincrement())
  guest  String   @unique
  nights Int?
  total  Decimal? @db.Decimal(12, 2)
  paid   Boolean  @default(false)
  notes  Json?
  door String?
  @@map("booking")
}
`;

/** Runs `prisma generate`. It needs no schema engine, so the download of the engine is switched off. */
export function generatePrisma(schemaFile: string): void {
  const { status, stderr, stdout } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/prisma/build/index.js'), 'generate', '--schema', schemaFile],
    {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', PRISMA_HIDE_UPDATE_MESSAGE: '1' },
    },
  );
  if (status !== 0) throw new Error(`prisma generate: ${stderr}${stdout}`);
}

export async function openPrisma({ url, audit, ...options }: OpenOptions): Promise<BookingHost> {
  // The folder is inside the repository, so that the generated code finds its runtime.
  const folder = mkdtempSync(join(root, '.bitacora-prisma-'));
  try {
    writeFileSync(join(folder, 'schema.prisma'), schema);
    generatePrisma(join(folder, 'schema.prisma'));
    const { PrismaClient } = await import(join(folder, 'client/client.ts'));
    const pool = auditPool(new pg.Pool({ connectionString: url }), audit, options);
    const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
    const close = async (): Promise<void> => {
      await prisma.$disconnect();
      await pool.end();
    };
    return hostOf(prisma, close);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function hostOf(prisma: any, close: () => Promise<void>): BookingHost {
  return {
    // Prisma's queries start when they are awaited, so they are awaited inside the context.
    create: async (data) => void (await prisma.booking.create({ data })),
    createMany: async (data) => void (await prisma.booking.createMany({ data })),
    update: async (guest, data) => void (await prisma.booking.update({ where: { guest }, data })),
    updateMany: async (nightsMin, data) =>
      (await prisma.booking.updateMany({ where: { nights: { gte: nightsMin } }, data })).count,
    remove: async (guest) => void (await prisma.booking.delete({ where: { guest } })),
    removeMany: async (nightsMin) =>
      (await prisma.booking.deleteMany({ where: { nights: { gte: nightsMin } } })).count,
    upsert: async (row) =>
      void (await prisma.booking.upsert({ where: { guest: row.guest }, create: row, update: row })),
    raw: (text) => prisma.$executeRawUnsafe(text),
    transaction: (work) =>
      prisma.$transaction((inner: any) => work(hostOf(inner, close), prismaTransaction(inner))),
    // Prisma has no nested transactions.
    async failedPart(work) {
      await prisma.$executeRawUnsafe('savepoint part');
      await work(hostOf(prisma, close)).catch((error: unknown) => {
        if (error !== takenBack) throw error;
      });
      await prisma.$executeRawUnsafe('rollback to savepoint part');
    },
    guests: async () =>
      (await prisma.booking.findMany({ orderBy: { id: 'asc' } })).map(
        ({ guest }: { guest: string }) => guest,
      ),
    close,
  };
}
