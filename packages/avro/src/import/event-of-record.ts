import { avroRecordName } from '@leftfold/core';

/** The event whose record a name in a namespace is. */
export interface EventOfRecord {
  readonly name: string;
  readonly version: number;
}

/**
 * The inverse of how records of events are named: `orders.order` and `PaymentAddedV2` are version 2 of `orders.order.payment-added`. `undefined` where no event
 * has such a record: event names are lower-case. A `_` of a namespace is taken for the hyphen it stands for.
 */
export function eventOfRecord(namespace: string, record: string): EventOfRecord | undefined {
  const [, bare = record, digits = '1'] = /^(.+?)V([2-9]|[1-9]\d+)$/.exec(record) ?? [];
  const last = bare
    .replaceAll('_', '-')
    .replace(/^[A-Z]/, (first) => first.toLowerCase())
    .replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const name = `${namespace.replaceAll('_', '-')}.${last}`;
  const version = Number(digits);
  if (!/^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/.test(name)) return undefined;
  const back = avroRecordName(name, version);
  return back.name === record && back.namespace === namespace ? { name, version } : undefined;
}
