import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { PartitionOutcome, Publisher, PublishRecord } from '@leftfold/subscriptions';
import { ID } from './published-records.ts';
import type { StoredRecord } from './published-records.ts';

/** Tells the copies of a record apart: which attempt to publish it brought them. */
const ATTEMPT = 'x-attempt';
const PAUSE_MS = 20;

interface Attempt {
  readonly number: number;
  readonly topic: string;
  readonly partition: number;
  readonly ids: readonly string[];
  readonly outcome: PartitionOutcome;
}

/**
 * What was published and what the publisher said of it, to be held against what then stands in the topics. It publishes as a relay does: partitions that
 * are not written are sent again as they are, and nothing later before them. Each attempt marks its records, so that every copy tells who brought it.
 * Several may publish side by side, to partitions of their own.
 */
export class PublishHistory {
  readonly #attempts: Attempt[] = [];
  #count = 0;

  /** Outcomes so far, of one partition in one attempt each. */
  get outcomes(): readonly PartitionOutcome[] {
    return this.#attempts.map(({ outcome }) => outcome);
  }

  /** Records must carry `x-id`. @throws `AssertionError` when they are not written after `timeoutMs` */
  async write(publisher: Publisher, records: readonly PublishRecord[], timeoutMs = 60_000): Promise<void> {
    const giveUpAt = performance.now() + timeoutMs;
    let left = records;
    while (left.length > 0) {
      const outcomes = await this.attempt(publisher, left);
      const unwritten = outcomes.filter(({ kind }) => kind !== 'written');
      left = left.filter((record) => unwritten.some((outcome) => isOf(record, outcome)));
      if (left.length === 0) return;
      const [first] = unwritten as readonly { readonly cause?: unknown }[];
      if (performance.now() > giveUpAt)
        assert.fail(
          `not written after ${timeoutMs} ms: ${first?.cause instanceof Error ? first.cause.message : 'the outcome says nothing of it'}`,
        );
      await pause(PAUSE_MS);
    }
  }

  /** Publishes once. @throws `AssertionError` unless the outcome names exactly the partitions sent to */
  async attempt(publisher: Publisher, records: readonly PublishRecord[]): Promise<readonly PartitionOutcome[]> {
    const number = this.#count++;
    const marked = records.map((record) => ({
      ...record,
      headers: { ...record.headers, [ATTEMPT]: String(number) },
    }));
    const outcomes = await publisher.publish(marked);
    const sent = [...new Set(records.map(nameOf))].toSorted();
    assert.deepEqual(outcomes.map(nameOf).toSorted(), sent, 'one outcome for each partition sent to');
    for (const outcome of outcomes) {
      const ids = records.filter((record) => isOf(record, outcome)).map(({ headers }) => headers[ID] ?? '');
      const { topic, partition } = outcome;
      this.#attempts.push({ number, topic, partition, ids, outcome });
    }
    return outcomes;
  }

  /**
   * @param stored what stands in a topic now, by partition
   * @throws `AssertionError` unless first occurrences are in order and nothing of what {@link write} was given is missing, all that was told as written
   *   stands there by the attempt that told so, and nothing does of what was told as not written
   */
  check(topic: string, stored: readonly (readonly StoredRecord[])[]): void {
    for (const [partition, records] of stored.entries()) {
      const where = `${topic}/${partition}`;
      const attempts = this.#attempts.filter((each) => nameOf(each) === where);
      const copies = new Copies(records);
      for (const attempt of attempts) checkAttempt(attempt, copies, where);
      const given = [...new Set(attempts.flatMap(({ ids }) => ids))];
      const first = [...new Set(records.map(({ headers }) => headers[ID] ?? ''))];
      const told = new Set(attempts.flatMap(({ ids, outcome }) => (outcome.kind === 'written' ? ids : [])));
      assert.deepEqual(
        first.filter((id) => told.has(id)),
        given.filter((id) => told.has(id)),
        `first occurrences in ${where}, in the order they were published`,
      );
    }
  }
}

/** Where in a partition the copies stand that each attempt brought. */
class Copies {
  readonly #attempts: readonly number[];
  readonly #first: Map<string, number> = new Map();

  constructor(records: readonly StoredRecord[]) {
    this.#attempts = records.map(({ headers }) => Number(headers[ATTEMPT]));
    for (const [place, { headers }] of records.entries()) {
      const copy = `${headers[ID]} by ${headers[ATTEMPT]}`;
      if (!this.#first.has(copy)) this.#first.set(copy, place);
    }
  }

  /** -1 where there is none. */
  placeOf(id: string, attempt: number): number {
    return this.#first.get(`${id} by ${attempt}`) ?? -1;
  }

  /** Of the first record from `from` on that a later attempt brought, or the end. */
  placeOfLater(attempt: number, from: number): number {
    let place = from;
    while (place < this.#attempts.length && (this.#attempts[place] ?? 0) <= attempt) place++;
    return place;
  }
}

function checkAttempt({ number, ids, outcome }: Attempt, copies: Copies, where: string): void {
  const places = ids.map((id) => copies.placeOf(id, number));
  if (outcome.kind === 'notWritten')
    assert.ok(
      places.every((place) => place === -1),
      `told as not written, stands in ${where}: ${ids.join(', ')}`,
    );
  if (outcome.kind !== 'written') return;
  for (const [i, place] of places.entries()) {
    assert.ok(place >= 0, `told as written, does not stand in ${where}: ${ids[i]} by attempt ${number}`);
    assert.ok(i === 0 || place > (places[i - 1] ?? -1), `inverted in ${where}: ${ids[i]} by attempt ${number}`);
  }
  const end = (places.at(-1) ?? 0) + 1;
  const { nextOffset } = outcome;
  if (nextOffset === undefined) return;
  assert.ok(nextOffset >= BigInt(end), `${where}: nextOffset ${nextOffset}, but the last of them stands before ${end}`);
  const next = copies.placeOfLater(number, end);
  assert.ok(nextOffset <= BigInt(next), `${where}: nextOffset ${nextOffset}, but the next record stands at ${next}`);
}

const nameOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`;
const isOf = (record: PublishRecord, outcome: PartitionOutcome): boolean => nameOf(record) === nameOf(outcome);
