import { expect, test } from 'vitest';
import { nodeRefusal } from './node-refusal.ts';

test.each(['24.7.0', '24.21.0', '25.0.0', '26.1.0-nightly'])('Node.js %s runs the command', (version) => {
  expect(nodeRefusal(version)).toBeUndefined();
});

test.each(['20.19.6', '22.23.3', '24.6.9'])(
  'on Node.js %s the message says which version is needed',
  (version) => {
    expect(nodeRefusal(version)).toBe(`needs Node.js 24.7 or newer; this is ${version}`);
  },
);
