import type { Reader } from '@leftfold/subscriptions';
import { randomUUID } from 'node:crypto';

/**
 * The group of a reader's name: in which its lanes are shared out over kafkajs, and under which lag tools find it over either client: `<service>.<reader>`; of a bounded
 * reader `<service>.<reader>.replay.<uuid>`, one for each run. All of a service begin alike, so that one right on the prefix covers them.
 */
export function groupOf(clientId: string, { name, until }: Pick<Reader, 'name' | 'until'>): string {
  return until === undefined ? `${clientId}.${name}` : `${clientId}.${name}.replay.${randomUUID()}`;
}
