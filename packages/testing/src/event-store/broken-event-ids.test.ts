import type { AppendOutcome, EventStore, StreamAppend, StreamVersion } from '@leftfold/core';
import { testBreaks } from '../../test/broken-store.ts';
import { newStream, readStream } from './encoded-events.ts';

const versionOf = async (store: EventStore, append: StreamAppend): Promise<bigint> =>
  (await readStream(store, append.stream)).at(-1)?.streamVersion ?? 0n;
const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;
const anyway = (appends: readonly StreamAppend[]) => appends.map((append) => ({ ...append, expect: 'any' as const }));

/** An append that is sent twice. */
testBreaks({
  'an event id that stands in the log is taken for a success': [
    (store) => ({
      append: (appends, options) =>
        store.append(appends, options).catch((error: unknown) => {
          if (codeOf(error) === 'LF_EVENT_ID_REUSED') return store.append([], options);
          throw error;
        }),
    }),
    'an event id of the same stream is LF_EVENT_ID_REUSED, and nothing of the call is written',
  ],
  'a call that was sent twice is told that it lost': [
    (store) => ({
      append: async (appends, options): Promise<AppendOutcome> => {
        const outcome = await store.append(appends, options);
        if (outcome.kind !== 'appended' || !outcome.already) return outcome;
        const [{ stream } = { stream: newStream() }] = appends;
        return {
          kind: 'conflict',
          stream: stream.id,
          actual: (await versionOf(store, { stream, expect: 'any', events: [] })) as StreamVersion,
        };
      },
    }),
    'the same call again is appended already, absent at version 0: with the first versions and token, and nothing is written',
  ],
  'a call that was sent twice is answered by where the stream stands now': [
    (store) => ({
      append: async (appends, options) => {
        const outcome = await store.append(appends, options);
        if (outcome.kind !== 'appended' || !outcome.already) return outcome;
        const versions = await Promise.all(appends.map((append) => versionOf(store, append) as Promise<StreamVersion>));
        return { ...outcome, versions };
      },
    }),
    'the same call again is appended already, any at version 3: with the first versions and token, and nothing is written',
  ],
  'one event that stands there is enough to be taken for the same call': [
    (store) => ({
      append: (appends, options) =>
        store.append(appends, options).catch(async (error: unknown) => {
          if (codeOf(error) !== 'LF_EVENT_ID_REUSED') throw error;
          return { ...(await store.append([])), kind: 'appended', already: true } as never;
        }),
    }),
    'only some of the events, more than them, in another order or in another stream are LF_EVENT_ID_REUSED',
  ],
  'the version is not part of the same place': [
    (store) => ({
      append: (appends, options) =>
        store.append(appends, options).catch((error: unknown) => {
          if (codeOf(error) === 'LF_EVENT_ID_REUSED') return store.append(anyway(appends), options);
          throw error;
        }),
    }),
    'the same events at another expected version are LF_EVENT_ID_REUSED, whichever',
  ],
  'the reply is stored with a call that stood there already': [
    (store) => ({
      append: async (appends, options) => {
        const outcome = await store.append(appends, options);
        if (outcome.kind === 'appended' && outcome.already && options?.reply) await store.append([], options);
        return outcome;
      },
    }),
    'the same call is appended already also when its key or its reply is new: neither is stored',
  ],
});
