import type { PartitionOutcome } from '@leftfold/subscriptions';
import { asBrokerError, brokerFault } from './broker-fault.ts';
import { RecordRefused } from './errors.ts';
import type { Parcel } from './client.ts';
import type { PartitionChunks } from './partition-chunks.ts';
import { topicLane } from './topic-lane.ts';

const OVERSIZE: ReadonlySet<string> = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

/** How far the records of one partition have come in one publish. */
export class Delivery {
  readonly lane: string;
  readonly #group: PartitionChunks;
  #written = 0;
  #nextOffset: bigint | undefined;
  #sent = false;
  #refused = false;
  #isBlocked = false;
  #cause: unknown;
  #oversize: { readonly name: string; readonly error: unknown } | undefined;

  constructor(group: PartitionChunks) {
    this.#group = group;
    this.lane = topicLane(group.topic, group.partition);
  }

  get topic(): string {
    return this.#group.topic;
  }

  get isOpen(): boolean {
    return this.#written < this.#group.chunks.length && !this.#refused && !this.#isBlocked;
  }

  get isRefused(): boolean {
    return this.#refused;
  }

  /** Refused by the broker for its size, of which nobody knew beforehand. */
  get isOversized(): boolean {
    return this.#oversize !== undefined;
  }

  /** What is next to be sent. From here on it may stand in the partition. */
  next(): Parcel {
    this.#sent = true;
    const { topic, partition, chunks } = this.#group;
    return { topic, partition, records: chunks[this.#written] ?? [] };
  }

  /** @param baseOffset where the first record of what was sent last stands, where that is known */
  written(baseOffset: bigint | undefined): void {
    const count = this.#group.chunks[this.#written]?.length ?? 0;
    this.#nextOffset = baseOffset === undefined ? undefined : baseOffset + BigInt(count);
    this.#written++;
  }

  /** Refused before anything of it was sent. */
  refuse(cause: unknown): void {
    this.#refused = true;
    this.#cause = cause;
  }

  /** Nothing can be sent to its topic now. Others go on. */
  block(cause: unknown): void {
    this.#isBlocked = true;
    this.#cause = cause;
  }

  /** An attempt with others failed: whose fault it was is not known. */
  doubt(cause: unknown): void {
    this.#cause = cause;
  }

  /** An attempt alone failed, or one with others of which the broker says what this partition suffered. */
  failed(error: unknown): void {
    const { topic, partition } = this.#group;
    const { kind, name } = brokerFault(error);
    if (OVERSIZE.has(name)) this.#oversize = { name, error };
    if (kind === 'content') this.refuse(new RecordRefused(topic, partition, `the broker says ${name}`, error));
    else this.#cause = asBrokerError(`publishing to ${this.lane}`, error);
  }

  /** Says of what is too large by how much, which the broker does not: whoever mends the topic has nothing else to go by. */
  measured(limitBytes: number): void {
    if (this.#oversize === undefined) return;
    const { name, error } = this.#oversize;
    const { topic, partition, largestBytes } = this.#group;
    const sizes = `one takes up to ${largestBytes} bytes, the topic ${limitBytes} for all that is sent at once (max.message.bytes)`;
    this.refuse(new RecordRefused(topic, partition, `the broker says ${name}; ${sizes}`, error));
  }

  /**
   * `notWritten` only where it is certain: never sent, or all of it one chunk that was refused for its content (the same chunk would have been refused
   * in an earlier attempt, too). kafkajs repeats inside one attempt and tells only the last error, so no other error proves anything.
   */
  outcome(): PartitionOutcome {
    const { topic, partition, chunks } = this.#group;
    const nextOffset = this.#nextOffset;
    if (this.#written === chunks.length)
      return { topic, partition, kind: 'written', ...(nextOffset !== undefined && { nextOffset }) };
    const isCertain = this.#written === 0 && (this.#refused || !this.#sent);
    return isCertain
      ? { topic, partition, kind: 'notWritten', refused: this.#refused, cause: this.#cause }
      : { topic, partition, kind: 'unknown', cause: this.#cause };
  }
}
