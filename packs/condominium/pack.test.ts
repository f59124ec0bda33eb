import { testPack } from '@bitacora/pack-kit';
import { expect, test } from 'vitest';
import { condominium } from './pack.ts';

test('the pack passes testPack', () => {
  expect(testPack(condominium)).toEqual([]);
});
