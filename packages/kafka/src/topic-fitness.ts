import type { LeftfoldError } from '@leftfold/core';
import type { FoundTopic } from './client.ts';
import { PartitionCountChanged, TopicUnsuitable } from './errors.ts';
import type { TopicDeclaration } from './options.ts';

/** Four times the most an event's payload may have: there are metadata and own headers besides, and no event is refused for its size (R12). */
const LEAST_BATCH_BYTES = 4 * 262_144;

/** The settings that are compared, whatever is declared. */
export const CHECKED_SETTINGS: readonly string[] = [
  'cleanup.policy',
  'min.insync.replicas',
  'max.message.bytes',
  'retention.ms',
  'retention.bytes',
  'unclean.leader.election.enable',
];

/**
 * Why records would not be safe in a topic as it is: all reasons. A declaration is what publishers and readers rest on, so less than it is refused,
 * like what is never safe; more than it, and what else differs, is none of these ({@link topicRisks}).
 */
export function topicProblems(declared: TopicDeclaration, found: FoundTopic): readonly LeftfoldError[] {
  const { name, partitions, replicationFactor = 1, config = {} } = declared;
  const problems: LeftfoldError[] = [];
  const unsuitable = (why: string, remedy: string, passes = false): void =>
    void problems.push(new TopicUnsuitable(name, why, remedy, passes));
  const has = (setting: string): string => found.config.get(setting) ?? 'not told';

  if (found.copies.length !== partitions)
    problems.push(new PartitionCountChanged(name, partitions, found.copies.length));
  // Compaction keeps the last record of a key: the events before it would be gone, and the sequence would have holes.
  if (!/^delete$/.test(has('cleanup.policy')))
    unsuitable(`has cleanup.policy=${has('cleanup.policy')}, so records go that are needed`, 'set it to delete');

  const copies = Math.min(...found.copies);
  // They come and go while replicas are moved: told, waited for, and over by itself.
  if (copies < replicationFactor)
    unsuitable(`has ${copies} copies, declared are ${replicationFactor}`, 'add replicas to it', true);
  // The broker takes writes all the same: its least number is then the number of copies (seen on 4.1).
  const inSync = Number(has('min.insync.replicas'));
  if (!(copies >= inSync))
    unsuitable(
      `has ${copies} copies, but min.insync.replicas=${has('min.insync.replicas')}`,
      'add replicas, or lower min.insync.replicas',
      true,
    );
  const declaredInSync = config['min.insync.replicas'];
  if (declaredInSync !== undefined && inSync < Number(declaredInSync))
    unsuitable(
      `has min.insync.replicas=${inSync}, declared is ${declaredInSync}: what is acknowledged would be on fewer copies`,
      `set it to ${declaredInSync}`,
    );

  if (!(Number(has('max.message.bytes')) >= LEAST_BATCH_BYTES))
    unsuitable(
      `has max.message.bytes=${has('max.message.bytes')}, too little for the largest event that the log takes`,
      `set it to ${LEAST_BATCH_BYTES} or more`,
    );
  for (const setting of ['retention.ms', 'retention.bytes']) {
    const asked = config[setting] ?? (setting === 'retention.bytes' && 'retention.ms' in config ? '-1' : undefined);
    if (asked !== undefined && keptFor(has(setting)) < keptFor(asked))
      unsuitable(
        `has ${setting}=${has(setting)}, declared is ${asked}: records go before readers may have them`,
        `set it to ${asked}, or declare what it has`,
      );
  }
  return problems;
}

/** Of a topic without problems: what may lose records one day, or is not as declared. One sentence each, with its remedy. */
export function topicRisks({ name, config = {} }: TopicDeclaration, found: FoundTopic): readonly string[] {
  const risks: string[] = [];
  const copies = Math.min(...found.copies);
  if (found.config.get('unclean.leader.election.enable') === 'true')
    risks.push(
      `topic ${name} has unclean.leader.election.enable=true: a copy that lacks acknowledged records may become the leader, and they are lost. Set it to false`,
    );
  if (copies > 1 && found.config.get('min.insync.replicas') === '1')
    risks.push(
      `topic ${name} has min.insync.replicas=1: what is acknowledged may be on one of ${copies} copies, and go with it. Set it to ${copies - 1}`,
    );
  for (const [setting, asked] of Object.entries(config)) {
    const has = found.config.get(setting);
    if (
      has !== asked &&
      !topicProblems({ name, partitions: found.copies.length, config: { [setting]: asked } }, found).length
    )
      risks.push(
        `topic ${name} has ${setting}=${has ?? 'not told'}, declared is ${asked}. Change one of both; nothing changes it by itself`,
      );
  }
  return risks;
}

/** Kafka's -1 is for ever. What is not told counts as nothing. */
function keptFor(text: string): number {
  const value = Number(text);
  return value === -1 ? Infinity : Number.isNaN(value) ? 0 : value;
}
