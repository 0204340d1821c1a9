/** Before the Avro binary stand a zero and the schema's id, big-endian. Source: Confluent's "Wire format". */
export const HEAD_BYTES = 5;
const MAGIC = 0;

/** Writes the head at the beginning. */
export function writeHead(bytes: Uint8Array, id: number): void {
  bytes[0] = MAGIC;
  bytes[1] = id >>> 24;
  bytes[2] = id >>> 16;
  bytes[3] = id >>> 8;
  bytes[4] = id;
}

/** The id; a text says why there is none. */
export function readHead(bytes: Uint8Array): number | string {
  if (bytes.length < HEAD_BYTES) return `it has ${bytes.length} bytes, fewer than the ${HEAD_BYTES} of its head`;
  if (bytes[0] !== MAGIC) return `it begins with ${bytes[0]}, not with 0`;
  const id =
    ((bytes[1] as number) << 24) | ((bytes[2] as number) << 16) | ((bytes[3] as number) << 8) | (bytes[4] as number);
  return id > 0 ? id : 'its head names no schema: an id is from 1 to 2^31−1';
}
