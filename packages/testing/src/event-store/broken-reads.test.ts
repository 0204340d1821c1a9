import type { StreamVersion } from '@leftfold/core';
import { testBreaks } from '../../test/broken-store.ts';

/** Reading. */
testBreaks({
  'reading has no ORDER BY': [
    (store) => ({
      read: async function* (stream, options) {
        for await (const page of store.read(stream, options)) yield page.toReversed();
      },
    }),
    'L11 a long stream comes in pages, none empty, in version order without gaps',
  ],
  'a page that is not full is taken for the end': [
    (store) => ({
      read: async function* (stream, options) {
        for await (const page of store.read(stream, options)) if (page.length === 500) yield page;
      },
    }),
    'L11 a long stream comes in pages, none empty, in version order without gaps',
  ],
  'a write is seen half by a reader': [
    (store) => ({
      read: async function* (stream, options) {
        for await (const page of store.read(stream, options)) yield page.length % 2 ? page.toSpliced(0, 1) : page;
      },
    }),
    'a reader sees a prefix of the stream, dense from version 1, while others append',
  ],
  'backwards is ignored': [
    (store) => ({ read: (stream, { backwards: _, ...options } = {}) => store.read(stream, options) }),
    'backwards with a limit gives the last events of a stream, the newest first',
  ],
  'the limit counts for each page': [
    (store) => ({
      read: async function* (stream, { limit = Infinity, ...options } = {}) {
        for await (const page of store.read(stream, options)) yield page.slice(0, limit);
      },
    }),
    'no page is empty or larger than what is left of the limit',
  ],
  'the end of a part is left out': [
    (store) => ({
      read: (stream, { upTo, ...options } = {}) =>
        store.read(stream, upTo === undefined ? options : { ...options, upTo: (upTo - 1n) as StreamVersion }),
    }),
    'L11 every part of a stream is read forwards in order, without gaps, and no more than that',
  ],
  'the pages of a backwards read are each forwards': [
    (store) => ({
      read: async function* (stream, options) {
        for await (const page of store.read(stream, options)) yield options?.backwards ? page.toReversed() : page;
      },
    }),
    'L11 every part of a stream is read backwards in order, without gaps, and no more than that',
  ],
  'a limit is taken as it comes': [
    (store) => ({
      read: (stream, { limit: _, ...options } = {}) => store.read(stream, options),
    }),
    'a limit that is no whole number from 1, and a version that is no bigint, are LF_OPTION_OUT_OF_RANGE',
  ],
});
