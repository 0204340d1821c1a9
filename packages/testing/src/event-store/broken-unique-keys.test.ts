import type { AppendOptions, StreamAppend, UniqueKey } from '@leftfold/core';
import { testBreaks } from '../../test/broken-store.ts';

const unkeyed = ({ keys: _, ...options }: AppendOptions = {}): AppendOptions => options;
const anyway = (appends: readonly StreamAppend[]) => appends.map((append) => ({ ...append, expect: 'any' as const }));

/** Unique keys. */
testBreaks({
  'keys are ignored': [
    (store) => ({ append: (appends, options) => store.append(appends, unkeyed(options)) }),
    'a key that a stream holds is taken for any other one, and nothing of the call is written',
  ],
  'keys are looked at before the append, not with it': [
    (store) => {
      const holders = new Map<string, string>();
      return {
        append: async (appends, options) => {
          const taken = options?.keys?.find(({ key }) => holders.has(String(key)));
          if (taken) return { kind: 'taken', key: taken.key, by: holders.get(String(taken.key)) as never };
          const outcome = await store.append(appends, unkeyed(options));
          for (const { key, stream } of options?.keys ?? []) holders.set(String(key), stream.id);
          return outcome;
        },
      };
    },
    'of 50 concurrent appends that take one key for different streams exactly one is appended, the others are told who has it',
  ],
  'events are written although a key is taken': [
    (store) => ({
      append: async (appends, options) => {
        const outcome = await store.append(appends, options);
        if (outcome.kind === 'taken') await store.append(anyway(appends));
        return outcome;
      },
    }),
    'a key that a stream holds is taken for any other one, and nothing of the call is written',
  ],
  'keys are taken in the order they are named': [
    (store) => ({
      append: async (appends, { keys = [], ...options } = {}) => {
        for (const change of keys) {
          const outcome = await store.append([], { keys: [change] });
          if (outcome.kind === 'taken') return outcome;
        }
        return store.append(appends, options);
      },
    }),
    'of one call everything is given back before anything is taken, in whatever order it is named',
  ],
  'anybody may give a key back': [
    (store) => {
      const holders = new Map<string, StreamAppend['stream']>();
      return {
        append: async (appends, options) => {
          const keys = options?.keys?.map((change) =>
            change.change === 'release'
              ? { ...change, stream: holders.get(String(change.key)) ?? change.stream }
              : change,
          );
          const outcome = await store.append(appends, keys ? { ...options, keys } : options);
          if (outcome.kind === 'appended') {
            for (const { change, key, stream } of keys ?? [])
              if (change === 'reserve') holders.set(String(key), stream);
          }
          return outcome;
        },
      };
    },
    'taking a key that the stream holds and giving back one that it does not hold change nothing',
  ],
  'keys are looked at before versions': [
    (store) => ({
      append: async (appends, options) => {
        const probe = options?.keys && (await store.append([], { keys: options.keys }));
        if (probe?.kind === 'taken') return probe;
        return store.append(appends, options);
      },
    }),
    'replies, event ids and versions are looked at before keys',
  ],
  'keys are compared without regard to case': [
    (store) => ({
      append: (appends, options) =>
        store.append(appends, {
          ...options,
          keys: (options?.keys ?? []).map((change) => ({
            ...change,
            key: change.key.map((part) => part.toLowerCase()) as unknown as UniqueKey,
          })),
        }),
    }),
    'keys are compared byte by byte, within their name and their tenant',
  ],
  'what a refused call gave back stays free': [
    (store) => ({
      append: async (appends, options) => {
        const outcome = await store.append(appends, options);
        const keys = options?.keys?.filter(({ change }) => change === 'release') ?? [];
        if (outcome.kind === 'taken' || outcome.kind === 'conflict') await store.append([], { keys });
        return outcome;
      },
    }),
    'a call that is refused gives nothing back',
  ],
});
