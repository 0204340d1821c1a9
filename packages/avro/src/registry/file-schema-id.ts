import { createHash } from 'node:crypto';

/**
 * The id of a text in a folder: the first 31 bits of SHA-256 of its UTF-8 bytes, so that branches which are merged agree on it without a list. Nought is no id, so
 * the one text of 2³¹ that has it gets 1.
 */
export function fileSchemaId(avro: string): number {
  return createHash('sha256').update(avro, 'utf8').digest().readUInt32BE(0) >>> 1 || 1;
}
