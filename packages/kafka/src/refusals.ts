/** Why a cluster does not serve a client, and will not until a person does something. */
export interface Refusal {
  /** What is the matter, after "failed:". */
  readonly what: string;
  /** After "Check". */
  readonly check: string;
}

/**
 * Names that mean it for certain, whatever the client says of trying again: kafkajs calls every TLS fault retriable, the other one network errors whose
 * innermost cause is a wrong password. The first that fits counts.
 *
 * A name that a cut connection can bring about, too, is none of these: a lane would stop for good when a broker restarts.
 */
const REFUSALS: readonly (readonly [name: RegExp, refusal: Refusal])[] = [
  [
    /^UNSUPPORTED_SASL_MECHANISM$/,
    {
      what: 'the listener does not take this mechanism',
      check: 'mechanism in sasl against sasl.enabled.mechanisms of the listener',
    },
  ],
  [
    /^ILLEGAL_SASL_STATE$/,
    {
      what: 'the listener takes no user',
      // It says the same to kafkajs where sessions are so short that it renews them at each request.
      check:
        'that brokers names the port of a listener with SASL, or leave sasl out; with kafkajs, also that connections.max.reauth.ms is 60000 or more',
    },
  ],
  [
    /^(SASL_AUTHENTICATION_FAILED|KafkaJSSASLAuthenticationError|PLT_KFK_AUTHENTICATION)$/,
    {
      what: 'the cluster refused the credentials',
      check: 'user name and password in sasl, and that the user has a password for this mechanism',
    },
  ],
  [
    /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    { what: 'the brokers’ certificate is not good at this time', check: 'its dates, and the clock of this machine' },
  ],
  [
    /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    {
      what: 'the brokers’ certificate is for other host names',
      check:
        'that the names under which the brokers advertise themselves stand in it, or give the one that does as ssl.servername',
    },
  ],
  // A server's alert about our certificate; the middle of the name differs from one OpenSSL to the next.
  [
    /^ERR_SSL_.*ALERT_(BAD_CERTIFICATE|CERTIFICATE_[A-Z]+|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)$/,
    {
      what: 'the brokers refused the certificate of this client',
      check:
        'cert and key of ssl: that both are given, have not expired, and are of an authority that the brokers trust',
    },
  ],
  [
    /^ERR_SSL_.*(ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|ALERT_HANDSHAKE_FAILURE|NO_SHARED_CIPHER)$/,
    {
      what: 'there is no common version of TLS',
      check: 'ssl.minVersion against ssl.enabled.protocols of the listener',
    },
  ],
  [
    /^(SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECRYPT)_|CERT_|ERR_TLS_CERT_|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$)/,
    {
      what: 'no authority that is trusted here signed the brokers’ certificate',
      check: 'ssl.ca: the certificate of the authority that did',
    },
  ],
  [
    /^LISTENER_TAKES_TLS$/,
    {
      what: 'the listener takes nothing but TLS',
      check: 'that ssl is set, or that brokers names the port of a listener without TLS',
    },
  ],
  [
    /^LISTENER_TAKES_NO_TLS$/,
    {
      what: 'the listener takes no TLS',
      check: 'that brokers names the port of a listener with TLS, or leave ssl out where the network is trusted',
    },
  ],
  [
    /^LISTENER_WANTS_A_USER$/,
    {
      what: 'the listener closes the connection of who does not say which user it is',
      check: 'that sasl is set, or that brokers names the port of a listener without SASL',
    },
  ],
  [
    /^TOPIC_AUTHORIZATION_FAILED$/,
    {
      what: 'this user has not the right on the topic',
      check:
        'its ACLs: Describe and DescribeConfigs on every declared topic; Write to publish; Read to read; Create on topic or cluster with create: true',
    },
  ],
  [
    /^GROUP_AUTHORIZATION_FAILED$/,
    {
      what: 'this user has not the right on the consumer group',
      check: 'its ACLs: Read on the group, <clientId>.<name of the projection>-v<version>',
    },
  ],
  [
    // Also what a producer is told that asks for its number and may write to no topic at all.
    /^CLUSTER_AUTHORIZATION_FAILED$/,
    {
      what: 'this user has not the right on the cluster, nor one on a topic that would do',
      check:
        'its ACLs: Write to publish; Create on the topics or the cluster with create: true; IdempotentWrite on clusters older than 3.0',
    },
  ],
  [/_AUTHORIZATION_FAILED$/, { what: 'this user has not the right', check: 'its ACLs' }],
];

/** What a name found in a client's error means, where it means for certain that trying again changes nothing. */
export function refusalOf(name: string): Refusal | undefined {
  return REFUSALS.find(([pattern]) => pattern.test(name))?.[1];
}
