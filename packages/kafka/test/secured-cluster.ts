import { startSecuredKafka } from '@leftfold/infra';
import type { SecuredKafkaCluster } from '@leftfold/infra';
import kafkajs from 'kafkajs';
import type { AclEntry } from 'kafkajs';
import { inspect } from 'node:util';
import { expect } from 'vitest';
import type { KafkaOptions } from '../src/index.ts';
import { administer, newTopic } from './test-cluster.ts';

/** In no text of ours, ever. */
export const SECRET = 'hunter2-7f3a';
export const CLIENTS = ['kafkajs', 'platformatic'] as const;
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** A user may do this with that. */
export type Right = readonly [
  operation: keyof typeof AclOperationTypes,
  on: keyof typeof AclResourceTypes,
  name: string,
];

export function securedCluster(): Promise<SecuredKafkaCluster> {
  return startSecuredKafka({
    brokers: 1,
    users: { relay: SECRET, projector: SECRET, operator: SECRET, everybody: SECRET },
  });
}

/** Settings for a topic of its own on this cluster, as this user; the topic is there. */
export async function securedTopic(
  cluster: SecuredKafkaCluster,
  username: string,
  changed: Partial<KafkaOptions> = {},
): Promise<KafkaOptions & { readonly topic: string }> {
  const options = newTopic(1, {
    brokers: cluster.secured.brokers,
    ssl: { ca: cluster.secured.authority.cert },
    sasl: { mechanism: 'scram-sha-512', username, password: SECRET },
    create: false,
    ...changed,
  });
  await administer(async (admin) => {
    await admin.createTopics({ topics: [{ topic: options.topic, numPartitions: 1 }], waitForLeaders: true });
  }, cluster.brokers);
  return options;
}

/** What `kafka-acls.sh --add --allow-principal User:<user>` does. */
export async function grant(cluster: SecuredKafkaCluster, user: string, rights: readonly Right[]): Promise<void> {
  await administer((admin) => admin.createAcls({ acl: rights.map((right) => entry(user, right)) }), cluster.brokers);
}

/** What `--remove` does. */
export async function revoke(cluster: SecuredKafkaCluster, user: string, rights: readonly Right[]): Promise<void> {
  await administer(
    (admin) => admin.deleteAcls({ filters: rights.map((right) => entry(user, right)) }),
    cluster.brokers,
  );
}

function entry(user: string, [operation, on, name]: Right): AclEntry {
  return {
    principal: `User:${user}`,
    host: '*',
    permissionType: AclPermissionTypes.ALLOW,
    operation: AclOperationTypes[operation],
    resourceType: AclResourceTypes[on],
    resourceName: name,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  };
}

/** Nothing that anybody may print of it holds a secret: all that hangs on it is looked through. */
export function expectNoSecret(...told: readonly unknown[]): void {
  const seen = new Set<unknown>();
  const text = (value: unknown): string => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return String(value);
    seen.add(value);
    const own = Reflect.ownKeys(value).map((key) => text((value as Record<PropertyKey, unknown>)[key]));
    return [inspect(value, { depth: Infinity, showHidden: true, maxStringLength: Infinity }), ...own].join(' ');
  };
  for (const value of told) {
    const all = `${text(value)} ${String(value)} ${JSON.stringify(value)}`;
    expect(all).not.toContain(SECRET);
    expect(all).not.toContain('PRIVATE KEY');
  }
}

/** The same options, but for these. */
export function without<T extends object, K extends keyof T>(options: T, ...names: readonly K[]): Omit<T, K> {
  const left = Object.entries(options).filter(([name]) => !names.includes(name as K));
  return Object.fromEntries(left) as Omit<T, K>;
}
