import { expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';

const DATABASE_URL = 'postgres://orders:secret@127.0.0.1:5432/orders';

test('a database is all that is needed', () => {
  expect(readEnvironment({ DATABASE_URL })).toEqual({
    databaseUrl: DATABASE_URL,
    kafkaBrokers: [],
    schemaRegistry: '',
    port: 3000,
    kafkaReplication: 1,
  });
});
test('everything may be said', () => {
  const SCHEMA_REGISTRY = 'https://registry:8081';
  const said = { DATABASE_URL, KAFKA_BROKERS: 'a:9092,b:9092', SCHEMA_REGISTRY, PORT: '0', KAFKA_REPLICATION: '3' };
  expect(readEnvironment(said)).toEqual({
    databaseUrl: DATABASE_URL,
    kafkaBrokers: ['a:9092', 'b:9092'],
    schemaRegistry: SCHEMA_REGISTRY,
    port: 0,
    kafkaReplication: 3,
  });
});
test('with Kafka it must be said where the schemas are', () => {
  const KAFKA_BROKERS = 'a:9092';
  expect(() => readEnvironment({ DATABASE_URL, KAFKA_BROKERS })).toThrow('SCHEMA_REGISTRY: expected');
  expect(readEnvironment({ DATABASE_URL, KAFKA_BROKERS, SCHEMA_REGISTRY: 'folder' }).schemaRegistry).toBe('folder');
});
test('all faults are told at once, each with what was expected, and without the password', () => {
  const faulty = {
    DATABASE_URL: 'mysql://root:secret@db',
    KAFKA_BROKERS: 'a',
    SCHEMA_REGISTRY: 'ftp://root:secret@registry',
    PORT: 'x',
    KAFKA_REPLICATION: '0',
  };
  const message = (): string => {
    try {
      readEnvironment(faulty);
      return 'nothing is wrong';
    } catch (error) {
      return (error as Error).message;
    }
  };
  for (const name of Object.keys(faulty)) expect(message()).toMatch(new RegExp(`${name}: expected`));
  expect(message()).not.toContain('secret');
});
test.each(['', ' ', '-1', '1.5', '65536', '0x10'])('the port %j is refused', (PORT) => {
  expect(() => readEnvironment({ DATABASE_URL, PORT })).toThrow('PORT: expected');
});
