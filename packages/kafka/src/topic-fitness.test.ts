import { expect, test } from 'vitest';
import { topicProblems, topicRisks } from './topic-fitness.ts';

const declared = { name: 'orders', partitions: 2, replicationFactor: 3 };
const found = (copies: readonly number[] = [3, 3], changed: { readonly [name: string]: string } = {}) => ({
  copies,
  config: new Map(
    Object.entries({
      'cleanup.policy': 'delete',
      'min.insync.replicas': '2',
      'max.message.bytes': '1048588',
      'retention.ms': '604800000',
      'retention.bytes': '-1',
      'unclean.leader.election.enable': 'false',
      ...changed,
    }),
  ),
});

test('a topic as declared has no problem and no risk', () => {
  expect(topicProblems(declared, found())).toEqual([]);
  expect(topicRisks({ ...declared, config: { 'retention.ms': '604800000' } }, found())).toEqual([]);
});

test.each([[[3]], [[3, 3, 3]]])('R10 a topic of 2 partitions with the copies %j is refused', (copies) => {
  expect(topicProblems(declared, found(copies))).toEqual([
    expect.objectContaining({ code: 'LF_PARTITION_COUNT_CHANGED', declared: 2, found: copies.length }),
  ]);
});

test.each([
  ['is compacted', found([3, 3], { 'cleanup.policy': 'compact' }), {}, 'set it to delete'],
  ['is compacted and deleted', found([3, 3], { 'cleanup.policy': 'compact,delete' }), {}, 'set it to delete'],
  ['R12 takes only small records', found([3, 3], { 'max.message.bytes': '1000000' }), {}, 'set it to 1048576'],
  [
    'keeps records shorter than declared',
    found(),
    { 'retention.ms': '-1' },
    'retention.ms=604800000, declared is -1: records go before readers may have them; set it to -1',
  ],
  [
    'keeps less of them than declared',
    found([3, 3], { 'retention.bytes': '1000' }),
    { 'retention.bytes': '2000' },
    'retention.bytes=1000, declared is 2000',
  ],
  [
    'is bounded by bytes, where a time alone is declared',
    found([3, 3], { 'retention.bytes': '1000' }),
    { 'retention.ms': '3600000' },
    'retention.bytes=1000, declared is -1',
  ],
  [
    'acknowledges on fewer copies than declared',
    found([3, 3], { 'min.insync.replicas': '1' }),
    { 'min.insync.replicas': '2' },
    'min.insync.replicas=1, declared is 2',
  ],
])('a topic that %s is refused for good, with what to set', (_what, topic, config, remedy) => {
  expect(topicProblems({ ...declared, config }, topic)).toEqual([
    expect.objectContaining({
      code: 'LF_TOPIC_UNSUITABLE',
      retryable: false,
      message: expect.stringContaining(remedy) as unknown,
    }),
  ]);
});

test.each([
  ['fewer copies than declared', found([3, 2]), 'has 2 copies, declared are 3; add replicas'],
  ['fewer copies than must be in sync', found([3, 3], { 'min.insync.replicas': '4' }), 'min.insync.replicas=4'],
])('a topic with %s is waited for: so it is while replicas are moved', (_what, topic, remedy) => {
  expect(topicProblems(declared, topic)).toEqual([
    expect.objectContaining({
      code: 'LF_TOPIC_UNSUITABLE',
      retryable: true,
      message: expect.stringContaining(remedy) as unknown,
    }),
  ]);
});

test('all that is wrong is told at once', () => {
  const worst = found([1], {
    'cleanup.policy': 'compact',
    'min.insync.replicas': '2',
    'max.message.bytes': '1000',
    'retention.ms': '1',
  });
  expect(topicProblems({ ...declared, config: { 'retention.ms': '2' } }, worst)).toHaveLength(6);
});

test('settings that are not told are no good ones', () => {
  expect(topicProblems(declared, { copies: [3, 3], config: new Map() }).map(({ message }) => message)).toEqual([
    expect.stringContaining('cleanup.policy=not told'),
    expect.stringContaining('min.insync.replicas=not told'),
    expect.stringContaining('max.message.bytes=not told'),
  ]);
});

test.each([
  [found([3, 3], { 'unclean.leader.election.enable': 'true' }), {}, 'unclean.leader.election.enable=true'],
  [found([3, 3], { 'min.insync.replicas': '1' }), {}, 'min.insync.replicas=1'],
  [found(), { 'retention.ms': '3600000' }, 'retention.ms=604800000, declared is 3600000'],
  [found(), { 'segment.bytes': '1000000' }, 'segment.bytes=not told, declared is 1000000'],
])('what loses nothing now is told as a risk', (topic, config, told) => {
  expect(topicProblems({ ...declared, config }, topic)).toEqual([]);
  expect(topicRisks({ ...declared, config }, topic)).toEqual([expect.stringContaining(told)]);
});
