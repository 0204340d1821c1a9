import { expect, test } from 'vitest';
import { customers } from '../../test/orders.ts';
import type { Checkpoint } from '../checkpoints.ts';
import { projectorLedger, refuseMoved } from './source-moved.ts';
import type { Lane } from '../source.ts';

const fed = (by: string): Checkpoint => ({
  lane: '0' as Lane,
  cursor: 'start',
  epoch: 1n,
  owner: 'a',
  ledger: projectorLedger({ name: by }),
});

test('rows of several streams are not fed from a second source: each event would count twice', () => {
  expect(() => refuseMoved(customers, { name: 'kafka' }, [fed('log')])).toThrow(
    expect.objectContaining({ code: 'LF_SOURCE_CHANGED' }),
  );
  expect(() =>
    refuseMoved(customers, { name: 'log' }, [fed('log of another name'), { ...fed('log'), ledger: null }]),
  ).not.toThrow();
});
