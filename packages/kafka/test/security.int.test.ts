import { certificateAuthority } from '@leftfold/infra';
import type { SecuredKafkaCluster } from '@leftfold/infra';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeConnection } from '../src/connection-probe.ts';
import { kafka } from '../src/index.ts';
import type { KafkaOptions } from '../src/index.ts';
import { CheckpointReader, follow } from './checkpoint-reader.ts';
import { relayed } from './relayed-records.ts';
import { CLIENTS, SECRET, expectNoSecret, grant, securedCluster, securedTopic, without } from './secured-cluster.ts';
import { until } from './until.ts';

let cluster: SecuredKafkaCluster;
const warnings: Error[] = [];
const onWarning = (warning: Error): void => void warnings.push(warning);
beforeAll(async () => {
  process.on('warning', onWarning);
  cluster = await securedCluster();
  await cluster.secured.setPassword('operator', SIGNS);
});
afterAll(async () => {
  process.off('warning', onWarning);
  await cluster?.stop();
});

/** Some of these are signs of the protocol's own. */
const SIGNS = 'ü=,漢 👋"\\';
const stranger = certificateAuthority('Stranger');
const user = (changed: Partial<NonNullable<KafkaOptions['sasl']>> = {}): NonNullable<KafkaOptions['sasl']> => ({
  mechanism: 'scram-sha-512',
  username: 'everybody',
  password: SECRET,
  ...changed,
});
type Changed = (cluster: SecuredKafkaCluster) => Pick<KafkaOptions, 'brokers' | 'ssl' | 'sasl'>;
const tls = (changed: Exclude<KafkaOptions['ssl'], boolean | undefined> = {}): NonNullable<KafkaOptions['ssl']> => ({
  ca: cluster.secured.authority.cert,
  ...changed,
});
const secured: Changed = ({ secured: { brokers } }) => ({ brokers, ssl: tls(), sasl: user() });
const mutual: Changed = ({ secured: { mutual: brokers } }) => ({ brokers });

const ways: readonly (readonly [string, Changed])[] = [
  ['SCRAM-SHA-512 over TLS', secured],
  [
    'a password of all kinds of signs',
    (c) => ({ ...secured(c), sasl: user({ username: 'operator', password: SIGNS }) }),
  ],
  ['PLAIN over TLS', (c) => ({ ...secured(c), sasl: user({ mechanism: 'plain' }) })],
  ['a password of the moment', (c) => ({ ...secured(c), sasl: user({ password: async () => SECRET }) })],
  ['a client certificate', (c) => ({ ...mutual(c), ssl: tls(c.secured.authority.issue({ name: 'everybody' })) })],
  [
    'another name in the certificate than in the address',
    (c) => ({
      ...secured(c),
      brokers: c.secured.brokers.map((b) => b.replace('localhost', '127.0.0.1')),
      ssl: tls({ servername: 'localhost' }),
    }),
  ],
];

/** What never heals by itself, and what an operator is told to check. */
const refusals: readonly (readonly [string, Changed, string])[] = [
  [
    'a wrong password',
    (c) => ({ ...secured(c), sasl: user({ password: `${SECRET}!` }) }),
    'Check user name and password in sasl',
  ],
  [
    'a wrong password by PLAIN',
    (c) => ({ ...secured(c), sasl: user({ mechanism: 'plain', password: `${SECRET}!` }) }),
    'Check user name and password in sasl',
  ],
  [
    'an unknown user',
    (c) => ({ ...secured(c), sasl: user({ username: 'nobody' }) }),
    'Check user name and password in sasl',
  ],
  [
    'a mechanism that is not there',
    (c) => ({ ...secured(c), sasl: user({ mechanism: 'scram-sha-256' }) }),
    'Check mechanism in sasl',
  ],
  ['an authority of nobody', (c) => ({ ...secured(c), ssl: tls({ ca: stranger.cert }) }), 'Check ssl.ca'],
  ['the authorities of Node alone', (c) => ({ ...secured(c), ssl: true }), 'Check ssl.ca'],
  [
    'another host name',
    (c) => ({ ...secured(c), ssl: tls({ servername: 'wrong.example' }) }),
    'stand in it, or give the one that does as ssl.servername',
  ],
  ['an expired certificate of the brokers', (c) => ({ brokers: c.secured.expired, ssl: tls() }), 'Check its dates'],
  ['no client certificate', (c) => ({ ...mutual(c), ssl: tls() }), 'Check cert and key of ssl'],
  [
    'a client certificate of nobody',
    (c) => ({ ...mutual(c), ssl: tls(stranger.issue({ name: 'everybody' })) }),
    'Check cert and key of ssl',
  ],
  [
    'an expired client certificate',
    (c) => ({
      ...mutual(c),
      ssl: tls(c.secured.authority.issue({ name: 'everybody', until: new Date('2024-01-01') })),
    }),
    'have not expired',
  ],
  ['no TLS to a listener with it', (c) => ({ brokers: c.secured.brokers, sasl: user() }), 'Check that ssl is set'],
  ['no TLS, no user', (c) => ({ brokers: c.secured.mutual }), 'Check that ssl is set'],
  ['TLS to a listener without', (c) => ({ brokers: c.brokers, ssl: tls() }), 'leave ssl out'],
  ['no user to a listener that wants one', (c) => without(secured(c), 'sasl'), 'Check that sasl is set'],
  ['a user to a listener that takes none', (c) => ({ brokers: c.brokers, sasl: user() }), 'or leave sasl out'],
];

describe.each(CLIENTS)('over %s', (client) => {
  const given = async (changed: Changed) => {
    const options = await securedTopic(cluster, 'everybody', { client });
    return { ...without(options, 'ssl', 'sasl'), ...changed(cluster) };
  };

  test.each(ways)('%s: publishes and reads', async (_way, changed) => {
    const options = await given(changed);
    for (const name of ['everybody', 'operator', 'CN=everybody'])
      await grant(cluster, name, [
        ['ALL', 'TOPIC', options.topic],
        ['READ', 'GROUP', `${options.clientId}.r`],
      ]);
    const broker = kafka(options);
    const publisher = await broker.publisher();
    await until('it is written', async () => {
      const [outcome] = await publisher.publish([relayed(options.topic, 0, 1)]);
      return outcome?.kind === 'written';
    });
    const reader = new CheckpointReader('r');
    const running = follow(broker.source, reader);
    await until('it is read', () => reader.model.applied.length > 0);
    await running.stop();
    await publisher.close();
    expectNoSecret(broker, publisher, broker.description, broker.source.name);
  });

  test.each(refusals)('%s: refused once, with what to check, and without a secret', async (_what, changed, remedy) => {
    const options = await given(changed);
    const broker = kafka(options);
    const publisher = await broker.publisher();
    const refused = {
      code: 'LF_BROKER_REFUSED',
      retryable: false,
      message: expect.stringContaining(remedy) as unknown,
    };
    const thrown: unknown = await publisher.partitions(options.topic).catch((error: unknown) => error);
    expect(thrown).toMatchObject(refused);
    const [outcome] = await publisher.publish([relayed(options.topic, 0, 1)]);
    expect(outcome).toMatchObject({ kind: 'notWritten', refused: false, cause: refused });
    const reader = new CheckpointReader('r');
    const ended: unknown = await follow(broker.source, reader).ended.catch((error: unknown) => error);
    expect(ended).toMatchObject(refused);
    expect(reader.faults).toEqual([expect.objectContaining({ code: 'LF_BROKER_REFUSED', retryMs: null })]);
    await publisher.close();
    expectNoSecret(thrown, outcome, ended, reader.faults);
  });

  test('a password function that fails is asked again, and its words stay its own', async () => {
    let isDown = true;
    const password = (): string => {
      if (isDown) throw new Error(`vault token ${SECRET}`);
      return SECRET;
    };
    const options = await given((c) => ({ ...secured(c), sasl: user({ password }) }));
    await grant(cluster, 'everybody', [['ALL', 'TOPIC', options.topic]]);
    const publisher = await kafka(options).publisher();
    const thrown: unknown = await publisher.partitions(options.topic).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'LF_PASSWORD_UNAVAILABLE', retryable: true });
    expectNoSecret(thrown);
    isDown = false;
    expect(await publisher.partitions(options.topic)).toBe(1);
    await publisher.close();
  });
});

test('a listener that serves us is found to want nothing: no cut connection stops a lane by mistake', async () => {
  const { brokers, secured: listeners } = cluster;
  const { cert, key } = listeners.authority.issue({ name: 'everybody' });
  expect(await probeConnection({ brokers })).toBeUndefined();
  expect(await probeConnection({ brokers: listeners.brokers, ssl: tls(), sasl: user() })).toBeUndefined();
  expect(await probeConnection({ brokers: listeners.mutual, ssl: tls({ cert, key }) })).toBeUndefined();
});

test('no warning of the process holds a secret', () => {
  expectNoSecret(...warnings);
});
