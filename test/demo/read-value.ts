import { SchemaRegistry } from '@kafkajs/confluent-schema-registry';

/** What a value of the topic says, as JSON text in the form of the log. */
export type ReadValue = (value: Buffer) => Promise<string>;

/** Reads Confluent Avro with somebody else's client, so that none of our code vouches for itself. */
export function readValue(registryUrl: string): ReadValue {
  const registry = new SchemaRegistry({ host: registryUrl });
  return async (value) => JSON.stringify(await registry.decode(value), inLog);
}

/** The client leaves a timestamp a number, and every long one; the log has them as texts. */
function inLog(field: string, value: unknown): unknown {
  if (field === 'cents') return String(value);
  return field === 'shippedAt' ? new Date(Number(value)).toISOString() : value;
}
