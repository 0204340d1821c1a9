/** What the processes are told from outside. */
export interface Environment {
  readonly databaseUrl: string;
  /** Empty: there is no Kafka, and projections follow the log itself. */
  readonly kafkaBrokers: readonly string[];
  /** Where the Avro schemas of the topic's records are: a URL, or `folder` for the released texts in git. Empty: as long as there is no Kafka. */
  readonly schemaRegistry: string;
  readonly port: number;
  /** Of each topic, where this process makes it. */
  readonly kafkaReplication: number;
}

/** Reads the environment before anything starts; all faults in one message, each with what was expected. */
export function readEnvironment(from: { readonly [name: string]: string | undefined }): Environment {
  const faults: string[] = [];
  const { DATABASE_URL = '', KAFKA_BROKERS = '', SCHEMA_REGISTRY = '', PORT = '3000', KAFKA_REPLICATION = '1' } = from;
  if (!/^postgres(ql)?:\/\//.test(DATABASE_URL))
    faults.push('DATABASE_URL: expected postgres://user:password@host:port/database');
  const kafkaBrokers = KAFKA_BROKERS.split(',').filter((broker) => broker !== '');
  if (kafkaBrokers.some((broker) => !/^[^\s:]+:\d+$/.test(broker)))
    faults.push('KAFKA_BROKERS: expected host:port,host:port, or nothing');
  // Said, never guessed: ids of the folder on a topic that others read are ids that nobody can look up.
  if (!(SCHEMA_REGISTRY === '' ? kafkaBrokers.length === 0 : /^(https?:\/\/\S+|folder)$/.test(SCHEMA_REGISTRY)))
    faults.push("SCHEMA_REGISTRY: expected http://host:port, or 'folder' where nobody else reads the topic");
  const port = wholeNumber(PORT);
  if (!(port <= 65_535)) faults.push('PORT: expected a number from 0 to 65535');
  const kafkaReplication = wholeNumber(KAFKA_REPLICATION);
  if (!(kafkaReplication >= 1)) faults.push('KAFKA_REPLICATION: expected a whole number from 1');
  if (faults.length > 0)
    throw new Error(`The environment is not complete:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  return { databaseUrl: DATABASE_URL, kafkaBrokers, schemaRegistry: SCHEMA_REGISTRY, port, kafkaReplication };
}

/** NaN for anything but digits: `Number` takes an empty text for 0. */
const wholeNumber = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.NaN);
