import { MultipleErrors, NetworkError, ResponseError } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { partitionAnswers } from './partition-answers.ts';

const PRODUCE = 0;
const partition = (index: number, errorCode = 0, baseOffset = 10n) => ({ index, errorCode, baseOffset });
const answered = (partitions: readonly ReturnType<typeof partition>[]): ResponseError => {
  const errors = partitions.flatMap(({ errorCode }, j) =>
    errorCode === 0 ? [] : [[`/responses/0/partition_responses/${j}`, [errorCode, null]] as const],
  );
  const response = { responses: [{ name: 'orders', partitionResponses: partitions }] };
  return new ResponseError(
    PRODUCE,
    11,
    Object.fromEntries(errors) as ConstructorParameters<typeof ResponseError>[2],
    response,
  );
};
/** As a send of the package fails: an error for each broker, and what the others answered. */
const failed = (errors: Error[], produced: object = {}): Error =>
  Object.assign(new MultipleErrors('Producing messages failed.', errors), { produced });

test('of a broker that refused one partition the others are written, at their offsets', () => {
  const { written, failed: suffered } = partitionAnswers(
    failed([answered([partition(0), partition(1, 10), partition(2, 0, -1n)])]),
  );
  expect([...written]).toEqual([
    ['orders/0', 10n],
    ['orders/2', undefined],
  ]);
  expect([...(suffered ?? [])]).toEqual([['orders/1', expect.objectContaining({ apiId: 'MESSAGE_TOO_LARGE' })]]);
});

test('what other brokers answered counts, and the partitions of one that did not stand in neither', () => {
  const error = failed([new NetworkError('Connection closed')], {
    offsets: [{ topic: 'orders', partition: 3, offset: 7n }],
  });
  const { written, failed: suffered, cause } = partitionAnswers(error);
  expect([...written]).toEqual([['orders/3', 7n]]);
  expect([...(suffered ?? [])]).toEqual([]);
  expect(cause).toBe(error);
});

test('of several tries the last one counts, but what was confirmed once stays so', () => {
  const tries = new MultipleErrors('produce failed 2 times.', [
    answered([partition(0), partition(1, 6), partition(2, 6)]),
    answered([partition(0, 6), partition(1, 6), partition(2, 19)]),
  ]);
  const { written, failed: suffered } = partitionAnswers(failed([tries]));
  expect([...written.keys()]).toEqual(['orders/0']);
  expect([...(suffered ?? [])]).toEqual([
    ['orders/1', expect.objectContaining({ apiId: 'NOT_LEADER_OR_FOLLOWER' })],
    ['orders/2', expect.objectContaining({ apiId: 'NOT_ENOUGH_REPLICAS' })],
  ]);
});

test('an error of any other shape tells nothing of any partition', () => {
  for (const error of [new Error('no'), undefined, 'text', failed([])])
    expect(partitionAnswers(error)).toMatchObject({ written: new Map(), failed: new Map() });
});
