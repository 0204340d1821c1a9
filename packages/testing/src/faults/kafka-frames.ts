/** Cuts one direction of a Kafka connection into its messages, however the network cuts it. Source: "Protocol" of the Kafka documentation: a length, then as many bytes. */
export class KafkaFrames {
  #parts: Buffer[] = [];
  #held = 0;

  /** The messages, with their length, that are complete with these bytes. */
  push(bytes: Buffer): readonly Buffer[] {
    this.#parts.push(bytes);
    this.#held += bytes.length;
    const frames: Buffer[] = [];
    for (;;) {
      const length = this.#nextLength();
      if (length === undefined || this.#held < length) return frames;
      // Joined when a message is whole, not at each packet: a long one comes in many.
      const all = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
      frames.push(all.subarray(0, length));
      const rest = all.subarray(length);
      this.#parts = rest.length === 0 ? [] : [rest];
      this.#held = rest.length;
    }
  }

  #nextLength(): number | undefined {
    if (this.#held < 4) return undefined;
    const [first] = this.#parts as [Buffer];
    if (first.length < 4) this.#parts = [Buffer.concat(this.#parts)];
    return 4 + (this.#parts[0] as Buffer).readUInt32BE(0);
  }
}

/** What the first fields of a request say. */
export interface RequestHead {
  readonly apiKey: number;
  readonly correlationId: number;
  /** Empty when the client gives none. */
  readonly clientId: string;
}

/** The head of a request, of any version: the first three of its fields never change. */
export function requestHead(frame: Buffer): RequestHead {
  const length = frame.length >= 14 ? frame.readInt16BE(12) : -1;
  return {
    apiKey: frame.readInt16BE(4),
    correlationId: frame.readInt32BE(8),
    clientId: length > 0 ? frame.toString('utf8', 14, 14 + length) : '',
  };
}

/** Which request an answer belongs to. */
export function answeredCorrelation(frame: Buffer): number {
  return frame.readInt32BE(4);
}

const API_NAMES = {
  0: 'Produce',
  1: 'Fetch',
  2: 'ListOffsets',
  3: 'Metadata',
  8: 'OffsetCommit',
  9: 'OffsetFetch',
  10: 'FindCoordinator',
  11: 'JoinGroup',
  12: 'Heartbeat',
  13: 'LeaveGroup',
  14: 'SyncGroup',
  17: 'SaslHandshake',
  18: 'ApiVersions',
  19: 'CreateTopics',
  20: 'DeleteTopics',
  22: 'InitProducerId',
  32: 'DescribeConfigs',
  36: 'SaslAuthenticate',
  42: 'DeleteGroups',
  45: 'AlterPartitionReassignments',
  75: 'DescribeTopicPartitions',
} as const;

/** What a request asks for, by the names of the protocol; `other` are those that no test has asked for by name. */
export type KafkaApi = (typeof API_NAMES)[keyof typeof API_NAMES] | 'other';

/** The name of an api key. */
export function apiName(apiKey: number): KafkaApi {
  return (API_NAMES as { readonly [key: number]: KafkaApi })[apiKey] ?? 'other';
}
