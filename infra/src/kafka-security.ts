import { certificateAuthority, type CertificateAuthority } from './certificates.ts';

/** In the order of their ports. */
const LISTENERS = ['SECURED', 'MUTUAL', 'EXPIRED'] as const;
/** Ports of one broker. */
export const SECURED_PORTS: number = LISTENERS.length;

/** The secured part of a cluster's settings. */
export interface Security {
  readonly authority: CertificateAuthority;
  /** On top of a broker's own settings, whose listeners are kept: administrators come through those, unproven, and may do all. */
  settings(own: Readonly<Record<string, string>>, ports: readonly number[]): Record<string, string>;
}

/** Makes authority and certificates, once for all brokers: they are on this machine, `localhost`. */
export function makeSecurity(users: Readonly<Record<string, string>>): Security {
  const authority = certificateAuthority('Leftfold test');
  const hosts = ['localhost', '127.0.0.1'];
  const server = authority.issue({ name: 'broker', hosts });
  const expired = authority.issue({ name: 'broker', hosts, until: new Date('2024-01-01') });
  const keys = (prefix: string, { cert, key }: typeof server): Record<string, string> => ({
    [`${prefix}ssl.keystore.type`]: 'PEM',
    [`${prefix}ssl.keystore.certificate.chain`]: oneLine(cert),
    [`${prefix}ssl.keystore.key`]: oneLine(key),
    [`${prefix}ssl.truststore.type`]: 'PEM',
    [`${prefix}ssl.truststore.certificates`]: oneLine(authority.cert),
  });
  const plain = Object.entries(users).map(([user, password]) => `user_${user}="${password}"`);
  return {
    authority,
    settings: (own, ports) => ({
      ...own,
      'listener.security.protocol.map': `${own['listener.security.protocol.map']},SECURED:SASL_SSL,MUTUAL:SSL,EXPIRED:SSL`,
      listeners: [own['listeners'], ...LISTENERS.map((name, i) => `${name}://127.0.0.1:${ports[i]}`)].join(','),
      'advertised.listeners': [
        own['advertised.listeners'],
        ...LISTENERS.map((name, i) => `${name}://localhost:${ports[i]}`),
      ].join(','),
      ...keys('', server),
      ...keys('listener.name.expired.', expired),
      'listener.name.mutual.ssl.client.auth': 'required',
      'sasl.enabled.mechanisms': 'SCRAM-SHA-512,PLAIN',
      'listener.name.secured.scram-sha-512.sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      'listener.name.secured.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required ${plain.join(' ')};`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
      // A tenth of a second each by default, against guessing.
      'connection.failed.authentication.delay.ms': '0',
    }),
  };
}

/** Kafka takes any white space between the parts of a PEM text, and a properties file has one line for a value. */
const oneLine = (pem: string): string => pem.trim().replaceAll('\n', ' ');
