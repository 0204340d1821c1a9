import { randomBytes } from 'node:crypto';

/** A random id as Kafka writes its UUIDs: 16 bytes in 22 characters of URL-safe base64, none starting with `-`. */
export function kafkaUuid(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    // Kafka's own generator avoids it, because its command line would take the id for an option.
    if (!id.startsWith('-')) return id;
  }
}
