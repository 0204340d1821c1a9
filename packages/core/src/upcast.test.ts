import { describe, expect, test } from 'vitest';
import { decodeStored, event, t, upcast, versionsOf, type AnyEventType, type WriterSchema } from './index.ts';

const calls: string[] = [];
const renamed = event('users.user.renamed', { name: t.string() })
  .version(
    2,
    { first: t.string(), last: t.string() },
    {
      up: ({ name }) => {
        calls.push('1 to 2');
        const [first, last] = name.split(' ');
        if (first === undefined || last === undefined) throw new RangeError(`no last name`);
        return { first, last };
      },
    },
  )
  .version(
    3,
    { first: t.string(), last: t.string(), length: t.long() },
    {
      up: (old) => {
        calls.push('2 to 3');
        return { ...old, length: BigInt(old.first.length) };
      },
    },
  );
/** Of a version; of one that this code does not know, too. */
const writer = (version: number): WriterSchema => ({
  ...(versionsOf(renamed)[0]?.writer as WriterSchema),
  ...versionsOf(renamed)[version - 1]?.writer,
  version,
});
const thrown = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

describe('a stored payload', () => {
  test('goes through each upcaster after its version, once and in order', () => {
    calls.length = 0;
    expect(decodeStored(renamed, writer(1), '{"name":"Ada Lovelace"}')).toEqual({
      first: 'Ada',
      last: 'Lovelace',
      length: 3n,
    });
    expect(calls).toEqual(['1 to 2', '2 to 3']);
  });
  test('skips the upcasters up to its version', () => {
    calls.length = 0;
    expect(decodeStored(renamed, writer(2), '{"first":"Ada","last":"L"}')).toEqual({
      first: 'Ada',
      last: 'L',
      length: 3n,
    });
    expect(calls).toEqual(['2 to 3']);
  });
  test('of the latest version is only decoded', () => {
    calls.length = 0;
    expect(decodeStored(renamed, writer(3), '{"first":"Ada","last":"L","length":"9"}').length).toBe(9n);
    expect(calls).toEqual([]);
  });
  test('that does not fit the version it names is LF_PAYLOAD_UNDECODABLE, without the payload', () => {
    for (const payload of ['{"first":"Ada"}', '{"name":5}', 'null', '{"name":"Ada']) {
      const error = thrown(() => decodeStored(renamed, writer(1), payload));
      expect(error).toMatchObject({
        code: 'LF_PAYLOAD_UNDECODABLE',
        retryable: false,
        eventType: 'users.user.renamed',
        writtenVersion: 1,
      });
      expect(String(error)).not.toMatch(/Ada/);
    }
  });
});

describe('upcast', () => {
  test('hands a payload of the latest version through', () => {
    const data = { first: 'Ada', last: 'L', length: 3n };
    expect(upcast(renamed, 3, data)).toBe(data);
  });
  test('names event and versions when an upcaster throws, and keeps the cause', () => {
    const error = thrown(() => upcast(renamed, 1, { name: 'Ada' }));
    expect(error).toMatchObject({
      code: 'LF_UPCAST_FAILED',
      retryable: false,
      eventType: 'users.user.renamed',
      from: 1,
      to: 2,
      cause: expect.any(RangeError) as unknown,
      message: expect.stringMatching(/users\.user\.renamed from version 1 to 2/) as unknown,
    });
  });
  test.each<[string, () => unknown, RegExp]>([
    ['a promise', async () => ({}), /answered with a promise; .*without I\/O/],
    ['a promise that is rejected', () => Promise.reject(new Error('later')), /answered with a promise/],
    ['nothing', () => undefined, /answered with undefined; let it return the new payload/],
    ['null', () => null, /answered with null/],
    ['a list', () => [], /answered with an array/],
    ['a text', () => '{}', /answered with a string/],
  ])('refuses an upcaster that answers with %s', (_, up, message) => {
    const type: AnyEventType = event('a.b.c', {}).version(2, {}, { up: up as never });
    const error = thrown(() => upcast(type, 1, {}));
    expect(error).toMatchObject({ code: 'LF_UPCAST_FAILED', cause: expect.any(TypeError) as unknown });
    expect(String(error)).toMatch(message);
  });
  test('C16 a version newer than the code is retryable, so that it waits', () => {
    const newer: unknown = expect.objectContaining({
      code: 'LF_NEWER_EVENT',
      retryable: true,
      writtenVersion: 4,
      latest: 3,
    });
    expect(() => upcast(renamed, 4, {})).toThrow(newer);
    expect(() => decodeStored(renamed, writer(4), 'a form nobody here can know')).toThrow(newer);
  });
  test.each([0, -1, 1.5, NaN])('refuses version %d, which never was', (version) => {
    expect(() => upcast(renamed, version, {})).toThrow(expect.objectContaining({ code: 'LF_UPCAST_FAILED' }));
  });
});
