import { expect, test } from 'vitest';
import { customers } from '../../test/orders.ts';
import type { Checkpoint } from '../checkpoints.ts';
import { INLINE_LANE } from '../inline/inline.ts';
import { projectorLedger, refuseFedInline, refuseMoved, refuseOtherKind } from './source-moved.ts';
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

test('what appends feed is not followed, from wherever, nor the other way round', () => {
  const noted = { ...fed('inline'), lane: INLINE_LANE };
  const changed = expect.objectContaining({ code: 'LF_SOURCE_CHANGED' });
  expect(() => refuseMoved(customers, { name: 'log' }, [noted])).toThrow(changed);
  expect(() => refuseMoved(customers, { name: 'inline' }, [noted, fed('log')])).toThrow(changed);
  expect(() => refuseMoved(customers, { name: 'inline' }, [noted])).not.toThrow();
});

test('what a storage lists is refused by name and version, and only where rows are of several streams', () => {
  const refused = (differently: object) => () =>
    refuseFedInline({ ...customers, ...differently } as typeof customers, { inline: { projections: [customers] } });
  expect(refused({})).toThrow(expect.objectContaining({ code: 'LF_SOURCE_CHANGED' }));
  for (const differently of [{ version: 99 }, { name: 'others' }, { order: 'stream' }])
    expect(refused(differently)).not.toThrow();
  expect(() => refuseFedInline(customers, {})).not.toThrow();
});

test('that appends feed rows as well is no place that a lag could be measured from', () => {
  const noted = { ...fed('inline'), lane: INLINE_LANE };
  expect(() => refuseOtherKind(customers, { name: 'log' }, [noted, fed('log')])).not.toThrow();
  expect(() => refuseOtherKind(customers, { name: 'kafka' }, [noted, fed('log')])).toThrow(
    expect.objectContaining({ code: 'LF_LAG_UNKNOWN' }),
  );
});
