import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { sdkRooms, stages } from '../../scripts/import-table.mjs';
import { root } from './workspaces.ts';

const server = join(root, 'packages/server/src');
const sdk = join(root, 'packages/sdk/src');

/** The folders below `folder` that contain TypeScript files. */
function roomsBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  const inner = entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  const own = entries.some(({ name }) => name.endsWith('.ts')) ? [folder] : [];
  return [...own, ...inner.flatMap(roomsBelow)];
}

test.each([
  ['server', stages],
  ['SDK', sdkRooms],
])(
  'in the table of the %s a room comes after the rooms that it enters, so no arrow points up',
  (_, table) => {
    const order = Object.keys(table);
    const upward = Object.entries<readonly string[]>(table).flatMap(([room, entered]) =>
      entered
        .filter((other) => order.indexOf(other) >= order.indexOf(room))
        .map((other) => `${room} → ${other}`),
    );
    expect(upward).toEqual([]);
  },
);

test('no file name stands twice in the server', () => {
  const names = readdirSync(server, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => basename(path))
    .filter((name) => name !== 'index.ts');
  expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([]);
});

test('each room of the server and of the SDK has a README of at most fifteen lines', () => {
  const top = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  const rooms = [...top(server), ...roomsBelow(sdk).filter((room) => room !== sdk)];
  const wrong = rooms.filter((room) => {
    const file = join(room, 'README.md');
    return !existsSync(file) || readFileSync(file, 'utf8').trimEnd().split('\n').length > 15;
  });
  expect(wrong).toEqual([]);
});
