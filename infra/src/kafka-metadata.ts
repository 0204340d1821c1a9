import { connect } from 'node:net';

/** What one broker knows of its cluster. */
export interface ClusterView {
  readonly clusterId: string | undefined;
  /** Ids of the brokers that are registered and not fenced. */
  readonly brokerIds: readonly number[];
  /** True when there is a controller, so that topics can be created. */
  readonly hasController: boolean;
}

const METADATA = 3;
const METADATA_VERSION = 2;

/**
 * Asks the broker at `host:port` one Metadata request (version 2, no topics) and resolves with its answer.
 * Rejects when it does not answer within `withinMs` (default 2,000).
 *
 * Written by hand, since one request and its answer are shorter than the work-arounds: kafkajs on Node 24 prints a
 * warning for every process that connects and arms a timer without end for every idle connection.
 * Source: the Kafka protocol guide, "Metadata API".
 */
export function askMetadata(address: string, withinMs = 2_000): Promise<ClusterView> {
  const colon = address.lastIndexOf(':');
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.slice(0, colon), port: Number(address.slice(colon + 1)) });
    const chunks: Buffer[] = [];
    socket.setTimeout(withinMs, () => socket.destroy(new Error(`${address} did not answer within ${withinMs} ms`)));
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`${address} closed the connection without an answer`)));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const received = Buffer.concat(chunks);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      try {
        resolve(readMetadata(received.subarray(4)));
      } catch (cause) {
        reject(new Error(`${address} does not answer as a broker`, { cause }));
      }
      socket.destroy();
    });
  });
}

/** Length; request header: api, version, correlation id, no client id; body: an empty list of topics. */
function metadataRequest(): Buffer {
  const request = Buffer.alloc(18);
  request.writeInt32BE(14, 0);
  request.writeInt16BE(METADATA, 4);
  request.writeInt16BE(METADATA_VERSION, 6);
  request.writeInt32BE(0, 8);
  request.writeInt16BE(-1, 12);
  request.writeInt32BE(0, 14);
  return request;
}

/** Correlation id; list of (node id, host, port, rack); cluster id; controller id; topics, which are not read. */
export function readMetadata(answer: Buffer): ClusterView {
  let at = 4;
  const int32 = (): number => {
    at += 4;
    return answer.readInt32BE(at - 4);
  };
  const string = (): string | undefined => {
    const length = answer.readInt16BE(at);
    at += 2 + Math.max(0, length);
    return length < 0 ? undefined : answer.toString('utf8', at - length, at);
  };
  const brokerIds = Array.from({ length: int32() }, () => {
    const id = int32();
    string();
    int32();
    string();
    return id;
  });
  return { brokerIds, clusterId: string(), hasController: int32() >= 0 };
}
