import { expect, test } from 'vitest';
import { brokerFault } from '../broker-fault.ts';
import { kafkajsSasl } from './kafkajs-sasl.ts';

const silent = (): void => {};
const logger = { debug: silent, info: silent, warn: silent, error: silent };

async function authenticate(mechanism: 'plain' | 'scram-sha-512', thrown: Error): Promise<unknown> {
  const { sasl } = kafkajsSasl({ mechanism, username: 'relay', password: 'hunter2' });
  const given = { host: 'localhost', port: 9, logger, saslAuthenticate: () => Promise.reject(thrown) };
  return sasl
    ?.authenticationProvider(given as never)
    .authenticate()
    .catch((error: unknown) => error);
}

test.each(['plain', 'scram-sha-512'] as const)(
  '%s: a connection that ends in the midst of the authentication is no wrong password',
  async (mechanism) => {
    const closed = Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' });
    expect(brokerFault(await authenticate(mechanism, closed))).toEqual({
      kind: 'passing',
      name: 'KafkaJSConnectionClosedError',
    });
    const refused = Object.assign(new Error('x'), { type: 'SASL_AUTHENTICATION_FAILED' });
    expect(brokerFault(await authenticate(mechanism, refused))).toEqual({
      kind: 'access',
      name: 'SASL_AUTHENTICATION_FAILED',
    });
  },
);
