import { testPack } from '@bitacora/pack-kit';
import { expect, test } from 'vitest';
import { accountingClosing } from './pack.ts';

test('the pack passes testPack', () => {
  expect(testPack(accountingClosing)).toEqual([]);
});
