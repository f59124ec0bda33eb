import { leafHash, rootOf } from '../support/rfc6962.ts';
import { superuserOf, type Superuser } from '../support/superuser.ts';
import type { TestServer } from '../support/test-server.ts';

/** A superuser of the database who wants to change history, with everything that PostgreSQL lets them do. */
export interface DatabaseAdministrator {
  sql: Superuser;
  ledgerId(name: string): Promise<number>;
  /** All entries of a ledger, in order. */
  lines(ledger: number): Promise<string[]>;
  /** Replaces all rows of a ledger by these entries; later entries than it had go to its last segment. */
  replaceLines(ledger: number, lines: readonly string[]): Promise<void>;
  /** Changes only the row that holds an entry. */
  editRow(ledger: number, index: number, edit: (line: string) => string | undefined): Promise<void>;
  /** Recomputes the tiles of a ledger over these entries, as if they had always been there. */
  replaceTiles(ledger: number, lines: readonly string[]): Promise<void>;
  /** Sets the size of a ledger in every table, and deletes newer checkpoints. */
  setSize(ledger: number, size: number): Promise<void>;
  /** Restores all tables to their state at the beginning. */
  restore(): Promise<void>;
  leave(): Promise<void>;
}

const tables = ['entry', 'bundle', 'personal', 'tile', 'checkpoint', 'head', 'projection', 'segment_range'];
const perRow = 16;
const perTile = 256;

/** Switches off the triggers that forbid changes, and copies all tables for `restore`. */
export async function letInAdministrator(
  server: Pick<TestServer, 'superuserUrl'>,
): Promise<DatabaseAdministrator> {
  const sql = superuserOf(server);
  await sql.query('create schema kept');
  for (const table of tables) await sql.query(`create table kept.${table} as table ${table}`);
  await disableTriggers(sql);
  const lines = async (ledger: number): Promise<string[]> => {
    const found = await sql.query<{ entries: string }>(
      'select entries from bundle where ledger = $1 order by first_index',
      [ledger],
    );
    return found.rows.flatMap((row) => row.entries.split('\n'));
  };
  return {
    sql,
    lines,
    async ledgerId(name) {
      const found = await sql.query<{ id: number }>('select id from ledger where name = $1', [name]);
      const [row] = found.rows;
      if (!row) throw new Error(`no ledger ${name}`);
      return row.id;
    },
    replaceLines: (ledger, changed) => replaceLines(sql, ledger, changed),
    async editRow(ledger, index, edit) {
      const found = await sql.query<{ first_index: string; entries: string }>(
        'select first_index, entries from bundle where ledger = $1 and first_index <= $2 order by first_index desc limit 1',
        [ledger, index],
      );
      const [row] = found.rows;
      const entries = row?.entries.split('\n') ?? [];
      const changed = entries.flatMap((line, offset) =>
        Number(row?.first_index) + offset === index ? (edit(line) ?? []) : line,
      );
      await sql.query('update bundle set entries = $3, count = $4 where ledger = $1 and first_index = $2', [
        ledger,
        row?.first_index,
        changed.join('\n'),
        changed.length,
      ]);
    },
    replaceTiles: (ledger, changed) => replaceTiles(sql, ledger, changed),
    async setSize(ledger, size) {
      await sql.query('update head set size = $2 where ledger = $1', [ledger, size]);
      await sql.query('update projection set cursor = least(cursor, $2) where ledger = $1', [ledger, size]);
      await sql.query('delete from checkpoint where ledger = $1 and size > $2', [ledger, size]);
      await sql.query('delete from segment_range where ledger = $1 and first_index >= $2', [ledger, size]);
      await sql.query(
        `update segment_range r set end_index = $2 where ledger = $1
           and segment = (select max(segment) from segment_range where ledger = $1)`,
        [ledger, size],
      );
      await sql.query('delete from entry where ledger = $1 and index >= $2', [ledger, size]);
    },
    restore: () => restore(sql),
    async leave() {
      await sql.end();
    },
  };
}

/** Restores all tables. Tries again after a deadlock with the server, which PostgreSQL ends by an error. */
async function restore(sql: Superuser): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await disableTriggers(sql);
      await sql.query('begin');
      await sql.query(`lock table ${tables.join(', ')}`);
      await sql.query(`truncate ${tables.join(', ')}`);
      for (const table of tables) await sql.query(`insert into ${table} table kept.${table}`);
      await sql.query('commit');
      return;
    } catch (error) {
      await sql.query('rollback');
      if (attempt === 10) throw error;
    }
  }
}

async function disableTriggers(sql: Superuser): Promise<void> {
  const found = await sql.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'bitacora' and c.relkind in ('r', 'p') and c.relname ~ '^(entry|bundle|personal)'`,
  );
  for (const { name } of found.rows) await sql.query(`alter table ${name} disable trigger user`);
}

async function replaceLines(sql: Superuser, ledger: number, lines: readonly string[]): Promise<void> {
  const rows = await sql.query<{ segment: number; retention_class: number; first_index: string }>(
    'select segment, retention_class, first_index from kept.bundle where ledger = $1 order by first_index',
    [ledger],
  );
  await sql.query('delete from bundle where ledger = $1', [ledger]);
  for (const [position, row] of rows.rows.entries()) {
    const first = Number(row.first_index);
    const next = rows.rows[position + 1];
    const end = next ? Number(next.first_index) : Math.max(lines.length, first + perRow);
    const held = lines.slice(first, end);
    if (held.length === 0) continue;
    await sql.query(
      'insert into bundle (first_index, ledger, segment, retention_class, count, entries) values ($1, $2, $3, $4, $5, $6)',
      [first, ledger, row.segment, row.retention_class, held.length, held.join('\n')],
    );
  }
  await sql.query(
    `update segment_range set end_index = $2 where ledger = $1
       and segment = (select max(segment) from segment_range where ledger = $1)`,
    [ledger, lines.length],
  );
}

async function replaceTiles(sql: Superuser, ledger: number, lines: readonly string[]): Promise<void> {
  await sql.query('delete from tile where ledger = $1', [ledger]);
  let hashes = lines.map((line) => leafHash(Buffer.from(line)));
  for (let level = 0; hashes.length > 0; level++) {
    const above: Buffer[] = [];
    for (let first = 0; first < hashes.length; first += perTile) {
      const tile = hashes.slice(first, first + perTile);
      await sql.query('insert into tile (ledger, level, index, hashes) values ($1, $2, $3, $4)', [
        ledger,
        level,
        first / perTile,
        Buffer.concat(tile),
      ]);
      if (tile.length === perTile) above.push(rootOf(tile));
    }
    hashes = above;
  }
}
