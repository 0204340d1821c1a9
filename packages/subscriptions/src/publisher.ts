/** `value` is never empty: that would be a tombstone. */
export interface PublishRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: { readonly [name: string]: string };
}
/** What became of the records of one partition, as a whole. */
export type PartitionOutcome = { readonly topic: string; readonly partition: number } &
  /** `nextOffset`: where the broker puts the next record of this partition, or further on; absent where its answer does not tell. */
  (
    | { readonly kind: 'written'; readonly nextOffset?: bigint }
    /** None stands in the log. `refused`: the same records will never be taken. */
    | { readonly kind: 'notWritten'; readonly refused: boolean; readonly cause: unknown }
    /** All, some or none may stand there: send the same again; consumers know a re-send by its sequence. */
    | { readonly kind: 'unknown'; readonly cause: unknown }
  );
/** One entry for each partition sent to. A partition the broker's answer left out is `unknown`. */
export type PublishOutcome = readonly PartitionOutcome[];

/**
 * Where events go. Not concurrent: one `publish` at a time (a second call rejects with `LF_PUBLISH_CONCURRENT`); per partition in the order given.
 * `written` means that all in-sync replicas the topic asks for hold it. Never throws for what the broker says about records.
 */
export interface Publisher {
  /** How many of the client's producers it has thrown away since it was made. Absent where nobody counts. */
  readonly replacements?: number;
  /** Number of partitions, fresh from the broker. @throws `LF_TOPIC_UNKNOWN`, `LF_TOPIC_UNSUITABLE` (compacted or under-replicated), `LF_BROKER_UNAVAILABLE` */
  partitions(topic: string): Promise<number>;
  publish(records: readonly PublishRecord[], options?: { readonly signal?: AbortSignal }): Promise<PublishOutcome>;
  /** Waits for a pending publish, then lets go of all connections. Idempotent. */
  close(): Promise<void>;
}
