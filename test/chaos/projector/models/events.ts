import { event, t } from '@leftfold/core';

/** Numbered per writer; `isBad`: no model can apply it, before it was mended. */
const counted = { n: t.int(), amount: t.int(), isBad: t.boolean() };

export const ordered = event('chaos.order.counted', counted);
export const delivered = event('chaos.parcel.counted', counted);

/** What both say. */
export interface Counted {
  readonly n: number;
  readonly amount: number;
  readonly isBad: boolean;
}
/** A stream in this many gets bad events. */
export const ONE_IN = 100;
/** Streams of each category. */
export const STREAMS = 300;
export const isSick = (streamKey: string): boolean => Number(streamKey.slice(1)) % ONE_IN === 0;
/** Rows that streams of both categories feed, and those that bad events are among. */
const [BUCKETS, SICK_BUCKETS] = [40, 3];
export const bucketOf = ({ n }: Counted, streamKey: string): string =>
  isSick(streamKey) ? `sick${n % SICK_BUCKETS}` : `b${n % BUCKETS}`;

/** What the order of a stream's events comes to: another order gives another number. Source: FNV-1a, over whole numbers. */
export const chained = (before: number, { n, amount }: Counted): number =>
  Math.imul(Math.imul((before ^ n) >>> 0, 16_777_619) ^ amount, 16_777_619) >>> 0;
export const CHAIN_BEGINS = 2_166_136_261;
