import { kafkaKey, partitionHash, statedVersion } from '@leftfold/core';
import type { EncodedEvent, Expectation, KeyChange, NewReply, StreamAppend, WriterSchema } from '@leftfold/core';
import type { TokenFrame } from '@leftfold/subscriptions';
import { arrayElement, arrayParameter } from '../column-types.ts';
import type { HeadExpectation } from './append-statements.ts';
import { metadataText } from './event-row.ts';

/** What an append needs to know beside what it is given. */
export interface AppendContext {
  readonly schemaId: (schema: WriterSchema) => number;
  readonly topic: (category: string) => string | null;
}

const MAX_INT8 = 2n ** 63n - 1n;

/** Which statement appends under an expectation. */
export function headExpectation(expect: Expectation): HeadExpectation {
  if (typeof expect !== 'bigint') return expect;
  return expect === 0n ? 'absent' : 'exact';
}

/** The 31-bit hash of a stream's Kafka key. */
export function hashOf({ stream }: StreamAppend): number {
  return partitionHash(kafkaKey(stream.tenant, stream.id));
}

/** Parameters of `appendStatement`. */
export function appendValues(append: StreamAppend, context: AppendContext): readonly unknown[] {
  const { stream, expect, events } = append;
  const isExact = headExpectation(expect) === 'exact';
  return [
    stream.tenant,
    stream.id,
    stream.category,
    isExact ? int8(expect as bigint) : hashOf(append),
    events.length,
    ...eventArrays([append], context),
  ];
}

/** Parameters of `groupStatement`. @param appends those with events. */
export function groupValues(appends: readonly StreamAppend[], context: AppendContext): readonly unknown[] {
  const each = <T extends string | number | bigint | null>(value: (append: StreamAppend) => T): string =>
    arrayParameter(appends.map(value));
  let [places, numbers] = ['', ''];
  for (const [i, { events }] of appends.entries()) {
    for (let nth = 1; nth <= events.length; nth++) {
      places += places === '' ? `${i + 1}` : `,${i + 1}`;
      numbers += numbers === '' ? `${nth}` : `,${nth}`;
    }
  }
  return [
    each(({ stream }) => stream.tenant),
    each(({ stream }) => stream.id),
    each(({ stream }) => stream.category),
    each(hashOf),
    each(({ expect }) => expectedNumber(expect)),
    each(({ events }) => events.length),
    `{${places}}`,
    `{${numbers}}`,
    ...eventArrays(appends, context),
  ];
}

/** The further parameters of `groupStatement` when it stores a reply. @param all also those without events. */
export function replyValues(reply: NewReply, frame: TokenFrame, all: readonly StreamAppend[]): readonly unknown[] {
  const places = all.flatMap(({ events }, i) => (events.length > 0 ? [i + 1] : []));
  return [
    reply.tenant,
    reply.key,
    reply.requestHash,
    reply.reply,
    reply.keepMs,
    frame.before,
    frame.after,
    arrayParameter(all.map(({ expect }) => int8(statedVersion(expect)))),
    arrayParameter(places),
  ];
}

/** The last parameters of `groupStatement` when unique keys change hands. */
export function keyValues(changes: readonly KeyChange[]): readonly string[] {
  const each = (value: (change: KeyChange) => string): string => arrayParameter(changes.map(value));
  return [
    each(({ stream }) => stream.tenant),
    each(({ key: [name] }) => name),
    each(({ key: [, value] }) => value),
    each(({ stream }) => stream.id),
    each(({ change }) => String(change === 'reserve')),
  ];
}

function eventArrays(appends: readonly StreamAppend[], { schemaId, topic }: AppendContext): readonly string[] {
  const each = (value: (event: EncodedEvent, append: StreamAppend) => string | number | null): string => {
    let text = '';
    for (const append of appends) {
      for (const event of append.events) {
        const element = arrayElement(value(event, append));
        text += text === '' ? element : `,${element}`;
      }
    }
    return `{${text}}`;
  };
  return [
    each(({ id }) => id),
    each(({ schema }) => schemaId(schema)),
    each((event, { stream }) => (event.private ? null : topic(stream.category))),
    each(({ payload }) => payload),
    each(({ metadata }) => metadataText(metadata)),
  ];
}

function expectedNumber(expect: Expectation): bigint | null {
  if (typeof expect === 'bigint') return int8(expect);
  return { any: null, absent: 0n, present: -1n }[expect];
}

/** A version as the database can hold it. One that lies outside is met by no stream, and neither is the nearest that fits. */
function int8(version: bigint): bigint {
  if (version > MAX_INT8) return MAX_INT8;
  return version < 0n ? -2n : version;
}
