import { utf8Bytes } from './text.ts';

/** The Kafka key of a stream: its id, after `tenant/` when there is a tenant. */
export function kafkaKey(tenant: string, streamId: string): string {
  return tenant === '' ? streamId : `${tenant}/${streamId}`;
}

/**
 * The 31-bit hash of a Kafka key, the same as Java's client has it, so that every producer in any language puts a key on the same
 * partition: `partition = hash mod count`. Stored with each event; must never change.
 *
 * Source: MurmurHash2 by Austin Appleby with Kafka's seed 0x9747b28c (`org.apache.kafka.common.utils.Utils.murmur2`), sign bit cleared.
 */
export function partitionHash(key: string): number {
  const bytes = utf8Bytes(key);
  const M = 0x5bd1e995;
  let hash = 0x9747b28c ^ bytes.length;
  const whole = bytes.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let word = byte(bytes, i) | (byte(bytes, i + 1) << 8) | (byte(bytes, i + 2) << 16) | (byte(bytes, i + 3) << 24);
    word = Math.imul(word, M);
    word ^= word >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(word, M);
  }
  const rest = bytes.length & 3;
  if (rest === 3) hash ^= byte(bytes, whole + 2) << 16;
  if (rest >= 2) hash ^= byte(bytes, whole + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ byte(bytes, whole), M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
}

const byte = (bytes: Uint8Array, index: number): number => bytes[index] as number;
