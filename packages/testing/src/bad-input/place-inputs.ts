import type { StreamVersion, UniqueKey } from '@leftfold/core';
import type { Cursor } from '@leftfold/subscriptions';
import { newEvent, newStream } from '../event-store/encoded-events.ts';
import { readSource } from '../log/read-log.ts';
import type { BadInput } from './bad-input.ts';
import { GOOD } from './notes.ts';

const VERSIONS: readonly bigint[] = [-1n, -(2n ** 70n), 2n ** 63n - 1n, 2n ** 63n, 2n ** 70n];
const CURSORS: readonly (readonly [what: string, cursor: string])[] = [
  ['that is none', 'nonsense'],
  ['that is empty', ''],
  ['of a later form', '9/9/9'],
];
const KEYS: readonly (readonly [what: string, key: UniqueKey])[] = [
  ['without a name', ['', 'a']],
  ['without a value', ['email', '']],
  ['with a name of 101 bytes', ['x'.repeat(101), 'a']],
  ['with a value of 1,001 bytes', ['email', 'x'.repeat(1_001)]],
  ['with NUL', ['email', 'a\u0000b']],
  ['with a lone surrogate', ['email', '\ud83d']],
];

/** Versions, cursors and unique keys: where something is said to stand. */
export const placeInputs: readonly BadInput[] = [
  ...VERSIONS.map((version): BadInput => ({
    what: `the expected version ${version}`,
    code: 'LF_CONFLICT',
    says: /stands at version 1, .* load it again/,
    attempt: ({ notes, id }) => notes.add(id, GOOD, { expect: version as StreamVersion }),
  })),
  ...CURSORS.map(([what, cursor]): BadInput => ({
    what: `a cursor ${what}`,
    code: 'LF_CURSOR_INVALID',
    says: /start/,
    attempt: ({ storage }) => readSource(storage.log, () => false, { at: cursor as Cursor }),
  })),
  {
    what: 'a cursor of another log',
    code: 'LF_OTHER_LOG',
    says: /start/,
    attempt: async ({ storage }) => {
      const { id } = await storage.log.identity();
      const [head = ''] = [...(await storage.log.head()).values()];
      const foreign = head.replace(id, '00000000-0000-4000-8000-000000000000') as Cursor;
      return readSource(storage.log, () => false, { at: foreign });
    },
  },
  ...KEYS.map(([what, key]): BadInput => ({
    what: `a unique key ${what}`,
    code: 'LF_UNIQUE_KEY_INVALID',
    says: /bytes|NUL|surrogate/,
    attempt: async ({ storage: { store } }) => {
      const stream = newStream();
      return store.append([{ stream, expect: 'absent', events: [newEvent()] }], {
        keys: [{ stream, change: 'reserve', key }],
      });
    },
  })),
];
