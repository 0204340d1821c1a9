import { t, type Envelope } from '@leftfold/core';
import { expect, test } from 'vitest';
import type { Codec, EncodedRecord } from '../codec.ts';
import { RecordUndecodable } from './record-undecodable.ts';
import { prepareRecords, topicRecord } from './topic-record.ts';

const schema = t.record('Nothing', {});
const raw = (name: string) => ({ key: 'k', value: new TextEncoder().encode(name), headers: { name } });
/** A codec that can have everything looked up but these. */
const lacking = (...lacked: readonly string[]): Codec & { readonly asked: string[] } => {
  const asked: string[] = [];
  return {
    contentType: 'test',
    asked,
    prepare: async (needed) => {
      const names = 'records' in needed ? needed.records.map(({ headers }) => headers['name'] ?? '') : [];
      asked.push(names.join(''));
      const lack = names.find((name) => lacked.includes(name));
      if (lack !== undefined) throw new Error(`no ${lack}`);
    },
    encode: () => new Uint8Array(),
    decode: ({ headers }: EncodedRecord) => headers['name'],
  };
};
const records = (names: string, codec: Codec) =>
  names
    .split('')
    .map((name, index) => topicRecord({ type: name } as Envelope, raw(name), `t/0 at offset ${index}`, codec));
const { signal } = new AbortController();

test.each([
  ['', '', { ready: 0 }],
  ['abc', '', { ready: 3 }],
  ['abc', 'a', { ready: 0, fault: new Error('no a') }],
  ['abcab', 'c', { ready: 2, fault: new Error('no c') }],
  ['abcd', 'dc', { ready: 2, fault: new Error('no c') }],
])('of the records %j, where %j cannot be looked up, those before are ready', async (names, lacked, expected) => {
  const codec = lacking(...lacked.split(''));
  expect(await prepareRecords(codec, records(names, codec), { signal })).toEqual(expected);
});
test('of types that the reader does not look at nothing is looked up, and they hold nothing back', async () => {
  const codec = lacking('x', 'c');
  const only = { types: ['a', 'b', 'c'] };
  const found = await prepareRecords(codec, records('xabxcx', codec), { signal, only });
  expect(found).toEqual({ ready: 4, fault: new Error('no c') });
  expect(codec.asked).toEqual(['abc', 'a', 'b', 'c']);
  expect(await prepareRecords(codec, records('xx', codec), { signal, only })).toEqual({ ready: 2 });
});
test('what can be looked up is asked for once, all together', async () => {
  const codec = lacking();
  await prepareRecords(codec, records('abc', codec), { signal });
  expect(codec.asked).toEqual(['abc']);
});
test('when nobody waits any more, nothing more is asked for', async () => {
  const codec = lacking('a');
  const given = AbortSignal.abort(new Error('gone'));
  await expect(prepareRecords(codec, records('ab', codec), { signal: given })).rejects.toThrow('gone');
  expect(codec.asked).toEqual(['ab']);
});

test('a record is decoded when it is asked for', () => {
  const [record] = records('a', lacking());
  expect(record?.decode(schema)).toBe('a');
});
test.each([
  ['of ours', new RecordUndecodable('it is cut')],
  [
    'of another copy of this package',
    Object.assign(new Error('x'), { code: 'LF_RECORD_UNDECODABLE', what: 'it is cut' }),
  ],
  ['of a codec with its own class', Object.assign(new Error('it is cut'), { code: 'LF_RECORD_UNDECODABLE' })],
])('A7 what is undecodable, by an error %s, says where it stands and has its bytes', (_, error) => {
  const codec: Codec = {
    ...lacking(),
    decode: () => {
      throw error;
    },
  };
  const [record] = records('a', codec);
  expect(() => record?.decode(schema)).toThrow(
    expect.objectContaining({
      code: 'LF_RECORD_UNDECODABLE',
      retryable: false,
      message: expect.stringMatching(/^the record t\/0 at offset 0 cannot be read: it is cut;/) as unknown,
      place: 't/0 at offset 0',
      record: raw('a'),
    }),
  );
});
test.each([new TypeError('made up'), undefined, null, 'made up'] as Error[])(
  'any other error passes as it is: %s',
  (error) => {
    const codec: Codec = {
      ...lacking(),
      decode: () => {
        throw error;
      },
    };
    const [record] = records('a', codec);
    let thrown: unknown = 'nothing';
    try {
      record?.decode(schema);
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBe(error);
  },
);
