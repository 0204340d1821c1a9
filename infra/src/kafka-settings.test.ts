import { expect, test } from 'vitest';
import { brokerSettings, imageVariables, propertiesFile } from './kafka-settings.ts';

test('with three brokers every topic is on all of them and an acknowledged record on two', () => {
  const settings = brokerSettings(3);
  for (const topic of ['default', 'offsets.topic', 'transaction.state.log', 'share.coordinator.state.topic']) {
    expect(settings[`${topic}.replication.factor`]).toBe('3');
  }
  expect(settings['min.insync.replicas']).toBe('2');
  expect(settings['transaction.state.log.min.isr']).toBe('2');
});

test('with one broker no setting asks for a second', () => {
  const asked = Object.entries(brokerSettings(1)).filter(([name]) =>
    /replication\.factor$|min\.isr$|replicas$/.test(name),
  );
  expect(asked.length).toBe(7);
  expect(new Set(asked.map(([, value]) => value))).toEqual(new Set(['1']));
});

test('topics exist only when they are created', () => {
  expect(brokerSettings(1)['auto.create.topics.enable']).toBe('false');
});

test('a backslash survives the properties file', () => {
  expect(propertiesFile({ 'log.dirs': 'a\\b', 'node.id': '1' })).toBe('log.dirs=a\\\\b\nnode.id=1\n');
});

test('names become variables as the image reads them back', () => {
  expect(imageVariables({ 'node.id': '1', 'a_b.c-d': 'x' })).toEqual({ KAFKA_NODE_ID: '1', KAFKA_A__B_C___D: 'x' });
});
