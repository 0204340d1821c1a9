import { memory } from '@leftfold/memory';
import type { Parked, ParkedWriter } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { parkedConformance } from './parked-conformance.ts';

type Change = (writer: ParkedWriter) => Partial<ParkedWriter>;

/** What must not be, as a wrapper around an adapter that is right; and a case that must see it. */
const BREAKS: {
  readonly [name: string]: readonly [Change | { readonly of: (parked: Parked) => Partial<Parked> }, string];
} = {
  'what is parked stands in the order of its versions': [
    (writer) => ({
      first: async (key, limit) =>
        (await writer.first(key, limit)).toSorted((a, b) =>
          a.envelope.streamVersion < b.envelope.streamVersion ? 1 : -1,
        ),
    }),
    'C6 what is parked of a key stays behind its first event, in the order in which it came, as it came',
  ],
  'a failure answers whatever was requested': [
    (writer) => ({
      failed: async (key, cause) => {
        for (let at = Date.now() - 50; at < Date.now() + 50; at++) await writer.failed(key, cause, new Date(at));
      },
    }),
    'C15 a failed retry answers the request that was carried out, counts and says why; another one, made meanwhile, stays',
  ],
  'a discard leaves no note': [
    (writer) => ({ drop: (key, through) => writer.drop(key, through) }),
    'C6 a discarded event leaves a note, for ever; its request goes on as a retry of what is left',
  ],
  'what is redriven without a place is parked': [
    (writer) => ({
      arrived: async (key, event, record) => {
        const outcome = await writer.arrived(key, event, record);
        if (outcome === 'unknown' && record) await writer.park([{ ...key, envelope: event, kept: record }]);
        return outcome === 'unknown' ? 'parked' : outcome;
      },
    }),
    'R15 what is redriven without a place, or a second time, is unknown: it was applied already',
  ],
  'the streams of a key are not told': [
    { of: (parked) => ({ keys: async (claim) => (await parked.keys(claim)).map((key) => ({ ...key, streams: [] })) }) },
    'C15 the owner is told of its lane’s keys alone, each with the streams that wait there',
  ],
  'a request is put on a key whatever its first event is': [
    { of: (parked) => ({ request: (at, { first: _, ...request }) => parked.request(at, request) }) },
    'C15 nothing is asked of a key that is not parked, or whose first event is another by now',
  ],
};

for (const [name, [change, title]] of Object.entries(BREAKS)) {
  test(`the suite catches an adapter in which ${name}: "${title}"`, async () => {
    const { checkpoints, parked, readModels } = memory();
    const over = <T extends object>(target: T, changes: Partial<T>): T =>
      new Proxy(target, {
        get: (of, member) => {
          const method = changes[member as keyof T] ?? of[member as keyof T];
          return typeof method === 'function' ? (method.bind(of) as unknown) : method;
        },
      });
    const transaction: typeof readModels.transaction = (claim, move, work) =>
      readModels.transaction(claim, move, (tx) =>
        work(typeof change === 'function' ? { ...tx, parked: over(tx.parked, change(tx.parked)) } : tx),
      );
    const broken = {
      checkpoints,
      parked: typeof change === 'function' ? parked : over<Parked>(parked, change.of(parked)),
      readModels: over(readModels, { transaction }),
    };
    const caught = parkedConformance(() => broken).find((one) => one.title === title);
    await expect(caught?.run()).rejects.toBeInstanceOf(Error);
  });
}
