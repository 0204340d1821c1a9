import { versionsOf, type AnyEventType, type Catalogue, type EventVersion, type t } from '@leftfold/core';
import type { ContractsOptions, KafkaServer, TopicFacts } from './contracts-options.ts';
import { personalPlaces } from './personal-fields.ts';
import { categoriesOf, topicsOf, type TopicEvents } from './published-events.ts';
import { headersSchema, MEMBERS_OF_LF, RECORD_HEADERS } from './record-headers.ts';
import { storedJsonSchema } from './stored-json-schema.ts';

type JsonObject = { readonly [key: string]: t.Json };

const AVRO = 'application/avro';
/** The form of Avro schemas that AsyncAPI's own tools take. */
const AVRO_FORMAT = 'application/vnd.apache.avro;version=1.9.0';
const JSON_FORMAT = 'application/schema+json;version=draft-07';
const KAFKA_BINDING = '0.5.0';
/** How a consumer finds the writer's schema of a value. */
const CONFLUENT: JsonObject = {
  schemaIdLocation: 'payload',
  schemaIdPayloadEncoding: 'confluent',
  schemaLookupStrategy: 'RecordNameStrategy',
};

/**
 * The AsyncAPI 3.0 document of a service: a channel per topic, a message per public event type and version (earlier ones stay on the topic for ever), its
 * payload as Avro, headers and key as they are on the wire, and an operation per topic that sends. Private events, and categories without a topic, are absent.
 *
 * Messages say in extension fields what AsyncAPI has no words for: `x-event-type`, `x-event-version`, `x-status` (`latest`, `earlier` or `retired`), `x-aliases`,
 * `x-subject` and `x-personal` (each field with what is read of an erased subject). Pure; the same catalogue and options give the same document, byte by byte.
 */
export function asyncApi(catalogue: Catalogue, options: ContractsOptions): t.Json {
  const { service, title = service, version, description, contentType = AVRO, servers = {} } = options;
  const topics = topicsOf(categoriesOf(catalogue, options));
  const facts = new Map((options.topics ?? []).map((topic) => [topic.name, topic]));
  const published = [...new Set(topics.flatMap(({ events }) => events))];
  return {
    asyncapi: '3.0.0',
    info: { title, version, ...(description !== undefined && { description }) },
    defaultContentType: contentType,
    ...(Object.keys(servers).length > 0 && { servers: mapValues(servers, serverOf) }),
    channels: Object.fromEntries(topics.map((topic) => [topic.topic, channelOf(topic, facts.get(topic.topic))])),
    operations: Object.fromEntries(topics.map(({ topic }) => [`send-${topic}`, sendTo(topic, service)])),
    components: {
      messages: Object.fromEntries(
        published.flatMap((type) =>
          versionsOf(type).map((of) => [messageId(type, of.version), messageOf(type, of, contentType)]),
        ),
      ),
      schemas: {
        headers: headersSchema(RECORD_HEADERS, {
          ce_source: { const: service },
          'content-type': { const: contentType },
          lf: { contentSchema: { $ref: '#/components/schemas/lf' } },
        }),
        lf: headersSchema(MEMBERS_OF_LF),
        key: KEY,
      },
    },
  };
}

const KEY: JsonObject = {
  type: 'string',
  description:
    'Id of the stream, `<category>-<key>`, after `<tenant>/` when there is a tenant; UTF-8. Records of one key are in the order of their stream. Never holds personal data.',
};

function channelOf({ topic, categories, events }: TopicEvents, facts: TopicFacts | undefined): JsonObject {
  const ids = events.flatMap((type) => versionsOf(type).map(({ version }) => messageId(type, version)));
  const config = Object.fromEntries(
    Object.entries(facts?.config ?? {}).flatMap(([name, value]) => configValue(name, value)),
  );
  return {
    address: topic,
    description: `Public events of ${categories.join(', ')}, in version order per stream. Records are not removed one by one: every version ever released may stand here.`,
    messages: Object.fromEntries(ids.map((id) => [id, { $ref: `#/components/messages/${id}` }])),
    bindings: {
      kafka: {
        topic,
        ...(facts !== undefined && { partitions: facts.partitions }),
        ...(facts?.replicationFactor !== undefined && { replicas: facts.replicationFactor }),
        ...(Object.keys(config).length > 0 && { topicConfiguration: config }),
        bindingVersion: KAFKA_BINDING,
      },
    },
  };
}

/** In the type that the Kafka binding wants: whole numbers as such, `cleanup.policy` as a list. */
function configValue(name: string, value: string): [string, t.Json][] {
  if (name === 'cleanup.policy') return [[name, value.split(',').map((policy) => policy.trim())]];
  return [[name, /^-?[0-9]{1,15}$/.test(value) ? Number(value) : value]];
}

const sendTo = (topic: string, service: string): JsonObject => ({
  action: 'send',
  channel: { $ref: `#/channels/${topic}` },
  summary: `${service} sends each public event at least once, per key in version order. A record sent again has the same \`ce_id\` and sequence.`,
});

function serverOf({ host, protocol = 'kafka', registryUrl, description }: KafkaServer): JsonObject {
  return {
    host,
    protocol,
    ...(description !== undefined && { description }),
    ...(registryUrl !== undefined && {
      bindings: {
        kafka: {
          schemaRegistryUrl: withoutUser(registryUrl),
          schemaRegistryVendor: 'confluent',
          bindingVersion: KAFKA_BINDING,
        },
      },
    }),
  };
}

/** Contracts are committed and handed out; what a service is started with may hold a password. */
const withoutUser = (url: string): string => url.replace(/^(\w+:\/\/)?.*@/s, '$1');

const messageId = (type: AnyEventType, version: number): string => `${type.type}.v${version}`;

function messageOf(type: AnyEventType, of: EventVersion, contentType: string): JsonObject {
  const { version, schema, subject, doc } = of;
  const status = type.retired ? 'retired' : version === type.latest ? 'latest' : 'earlier';
  const personal = personalPlaces(schema.avro).map(({ field, erasedAs }) => ({ field, erasedAs }));
  return {
    name: type.type,
    title: `${type.type}, version ${version}`,
    ...(doc !== undefined && { summary: doc }),
    contentType,
    ...(type.retired && { deprecated: true }),
    headers: {
      allOf: [
        { $ref: '#/components/schemas/headers' },
        { type: 'object', properties: { ce_type: { enum: [type.type, ...[...type.aliases].sort()] } } },
      ],
    },
    payload:
      contentType === AVRO
        ? { schemaFormat: AVRO_FORMAT, schema: schema.avro }
        : { schemaFormat: JSON_FORMAT, schema: storedJsonSchema(schema.avro) },
    bindings: {
      kafka: {
        key: { $ref: '#/components/schemas/key' },
        ...(contentType === AVRO && CONFLUENT),
        bindingVersion: KAFKA_BINDING,
      },
    },
    'x-event-type': type.type,
    'x-event-version': version,
    'x-status': status,
    ...(type.aliases.length > 0 && { 'x-aliases': [...type.aliases].sort() }),
    ...(subject !== undefined && { 'x-subject': subject }),
    ...(personal.length > 0 && { 'x-personal': personal }),
  };
}

const mapValues = <T>(object: { readonly [key: string]: T }, to: (value: T) => t.Json): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, to(value)]));
