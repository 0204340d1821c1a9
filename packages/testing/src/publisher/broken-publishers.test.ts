import { setTimeout as pause } from 'node:timers/promises';
import type { PartitionOutcome, Publisher, PublishOutcome, PublishRecord } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { memoryHarness } from './memory-scene.ts';
import { publisherConformance } from './publisher-conformance.ts';

/** Everything is sent as `send` makes it. */
const sending = (
  publisher: Publisher,
  send: (records: readonly PublishRecord[]) => readonly PublishRecord[],
): Partial<Publisher> => ({
  publish: (records, options) => publisher.publish(send(records), options),
});
/** What is told of each partition is changed. */
const telling = (publisher: Publisher, tell: (told: PartitionOutcome) => PartitionOutcome): Partial<Publisher> => ({
  publish: async (records, options) => (await publisher.publish(records, options)).map(tell),
});
const all = (outcomes: readonly PublishOutcome[]): PublishOutcome => outcomes.flat();

const ORDER = 'order holds per partition over many publishes, of several partitions and topics at once';
const ROUND_TRIP = 'key, headers and value stand there as they were given';
const WHOLE = 'the outcome has one entry for each partition sent to, and no other; of nothing sent it is empty';
const REFUSED =
  'R1 R15 of a partition with an empty value nothing is written, and told as refused; the others are written once';
const SURPLUS =
  'R5c a record for a partition that the topic does not have is refused and stands nowhere, the others are written';

/** What was shipped elsewhere, as a wrapper around a publisher that is right; and the case that must see it. */
const BREAKS: { readonly [name: string]: readonly [(publisher: Publisher) => Partial<Publisher>, string] } = {
  'records of a batch are inverted': [(publisher) => sending(publisher, (records) => records.toReversed()), ORDER],
  'the last of a large batch is lost': [
    (publisher) => sending(publisher, (records) => (records.length > 1_000 ? records.slice(0, -1) : records)),
    'more records for one partition than a broker takes at once are written in order, once',
  ],
  'parts of a batch overtake each other': [
    (publisher) => ({
      publish: async (records, options) => {
        if (records.length < 3_000) return publisher.publish(records, options);
        await publisher.publish(records.slice(1_500), options);
        return publisher.publish(records.slice(0, 1_500), options);
      },
    }),
    'more records for one partition than a broker takes at once are written in order, once',
  ],
  'a header without text is left out': [
    (publisher) =>
      sending(publisher, (records) =>
        records.map((record) => ({
          ...record,
          headers: Object.fromEntries(Object.entries(record.headers).filter(([, text]) => text !== '')),
        })),
      ),
    ROUND_TRIP,
  ],
  'names of headers are put in small letters': [
    (publisher) =>
      sending(publisher, (records) =>
        records.map((record) => ({
          ...record,
          headers: Object.fromEntries(Object.entries(record.headers).map(([name, text]) => [name.toLowerCase(), text])),
        })),
      ),
    ROUND_TRIP,
  ],
  'a value is sent with the buffer around it': [
    (publisher) =>
      sending(publisher, (records) =>
        records.map((record) => ({ ...record, value: new Uint8Array(record.value.buffer) })),
      ),
    ROUND_TRIP,
  ],
  'a value is taken for text': [
    (publisher) =>
      sending(publisher, (records) =>
        records.map((record) => ({ ...record, value: Buffer.from(Buffer.from(record.value).toString()) })),
      ),
    ROUND_TRIP,
  ],
  'a partition is left out of the outcome': [
    (publisher) => ({ publish: async (records, options) => (await publisher.publish(records, options)).slice(0, 2) }),
    WHOLE,
  ],
  'a partition is told of twice': [
    (publisher) => ({
      publish: async (records, options) => {
        const outcome = await publisher.publish(records, options);
        return [...outcome, ...outcome.slice(0, 1)];
      },
    }),
    WHOLE,
  ],
  'the offset of the last record is told for the next': [
    (publisher) => telling(publisher, (told) => (told.kind === 'written' ? { ...told, nextOffset: 0n } : told)),
    'nextOffset, where it is told, is where the next record of the partition comes to stand',
  ],
  'a record for a partition that is not there goes to another': [
    (publisher) =>
      sending(publisher, (records) =>
        records.map((record) => ({ ...record, partition: record.partition < 0 ? -1 : record.partition % 3 })),
      ),
    SURPLUS,
  ],
  'a record for a partition that is not there is dropped, and told as written': [
    (publisher) =>
      telling(publisher, (told) =>
        told.partition === 7 ? { topic: told.topic, partition: 7, kind: 'written' } : told,
      ),
    SURPLUS,
  ],
  'the rest of a partition is written without what is refused': [
    (publisher) => sending(publisher, (records) => records.filter(({ value }) => value.length > 0)),
    REFUSED,
  ],
  'what is refused is told as if it could be tried again': [
    (publisher) => telling(publisher, (told) => (told.kind === 'notWritten' ? { ...told, refused: false } : told)),
    REFUSED,
  ],
  'one refused partition is all partitions’ fault': [
    (publisher) => ({
      publish: async (records, options) => {
        const isEmpty = records.some(({ value }) => value.length === 0);
        const outcome = await publisher.publish(records, options);
        return isEmpty
          ? outcome.map(({ topic, partition }) => ({ topic, partition, kind: 'unknown', cause: '' }))
          : outcome;
      },
    }),
    REFUSED,
  ],
  'what an answer leaves out counts as written': [
    (publisher) =>
      telling(publisher, ({ topic, partition, ...told }) =>
        told.kind === 'unknown' ? { topic, partition, kind: 'written' } : { topic, partition, ...told },
      ),
    'R6 the connection ends before a request arrives: nothing is lost, inverted, or told as other than it is',
  ],
  'a lost answer counts as not written': [
    (publisher) =>
      telling(publisher, ({ topic, partition, ...told }) =>
        told.kind === 'unknown'
          ? { topic, partition, kind: 'notWritten', refused: false, cause: '' }
          : { topic, partition, ...told },
      ),
    'R6 an answer vanishes: nothing is lost, inverted, or told as other than it is',
  ],
  'two sends at once': [
    (publisher) => ({
      publish: async (records, options) =>
        all(await Promise.all(records.map((record) => queued(publisher, () => publisher.publish([record], options))))),
    }),
    'R6 a second publish beside a pending one is LF_PUBLISH_CONCURRENT; nothing of it is written, the first goes on',
  ],
  'an aborted publish is sent all the same': [
    (publisher) => ({
      publish: async (records, options) => {
        await publisher.publish(records);
        return options?.signal?.aborted === true
          ? records.map(({ topic, partition }) => ({
              topic,
              partition,
              kind: 'notWritten',
              refused: false,
              cause: options.signal?.reason as unknown,
            }))
          : records.map(({ topic, partition }) => ({ topic, partition, kind: 'written' }));
      },
    }),
    'a publish aborted before it begins sends nothing, says so with the reason, and the next one goes well',
  ],
  'closing does not wait': [
    (publisher) => ({
      publish: async (records, options) => {
        const outcome = await publisher.publish(records, options);
        await pause(20);
        return outcome;
      },
    }),
    'R8 closing waits for the publish under way; afterwards nothing is taken, and closing again does nothing',
  ],
  'what the broker alone refuses is tried again for ever': [
    (publisher) =>
      telling(publisher, (told) =>
        told.kind === 'notWritten' && told.refused
          ? { topic: told.topic, partition: told.partition, kind: 'unknown', cause: told.cause }
          : told,
      ),
    'R15 what the broker alone refuses is told as refused, the partition whole; the others are written, in order',
  ],
};

const turns = new WeakMap<Publisher, Promise<unknown>>();
function queued<T>(publisher: Publisher, run: () => Promise<T>): Promise<T> {
  const turn = (turns.get(publisher) ?? Promise.resolve()).then(run, run);
  turns.set(publisher, turn);
  return turn;
}

for (const [name, [broken, title]] of Object.entries(BREAKS))
  test(`${name}: seen by “${title}”`, async () => {
    const wrap = (publisher: Publisher): Publisher => ({
      partitions: (topic) => publisher.partitions(topic),
      publish: (records, options) => publisher.publish(records, options),
      close: () => publisher.close(),
      ...broken(publisher),
    });
    const suite = publisherConformance(memoryHarness(wrap));
    const seeing = suite.find((each) => each.title === title);
    expect(seeing, title).toBeDefined();
    await expect(seeing?.run()).rejects.toBeInstanceOf(Error);
  });
