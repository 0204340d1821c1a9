import type { KafkaConfig } from 'kafkajs';
import { createRequire } from 'node:module';
import { currentPassword } from '../security.ts';
import type { SaslOptions } from '../security.ts';

type Mechanism = Extract<NonNullable<KafkaConfig['sasl']>, { readonly authenticationProvider: unknown }>;
type Provider = Mechanism['authenticationProvider'];
type Shipped = (credentials: { readonly username: string; readonly password: string }) => Provider;

const FILES = { plain: 'plain', 'scram-sha-256': 'scram256', 'scram-sha-512': 'scram512' } as const;

/**
 * For kafkajs' `sasl`: its own authenticators, given the password of the moment. kafkajs itself takes text only, and would keep it in each
 * connection it makes; this way no object of it holds one for longer than the authentication.
 */
export function kafkajsSasl(sasl: SaslOptions | undefined): { readonly sasl?: Mechanism } {
  if (sasl === undefined) return {};
  const { mechanism, username } = sasl;
  const require = createRequire(import.meta.url);
  // Not exported; the version is asserted (see remedyKafkajsTimer).
  const shipped = require(`kafkajs/src/broker/saslAuthenticator/${FILES[mechanism]}`) as Shipped;
  const authenticationProvider: Provider = (given) => ({
    authenticate: async () => {
      const password = await currentPassword(sasl);
      let failure: unknown;
      const saslAuthenticate: typeof given.saslAuthenticate = (exchange) =>
        given.saslAuthenticate(exchange).catch((error: unknown) => {
          failure = error;
          throw error;
        });
      try {
        await shipped({ username, password })({ ...given, saslAuthenticate }).authenticate();
      } catch (error) {
        // It makes wrong credentials of everything, also of a broker that goes away in the midst; what happened is the first error.
        throw failure ?? error;
      }
    },
  });
  return { sasl: { mechanism, authenticationProvider } };
}
