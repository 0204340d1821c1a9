// The way in
export { kafka } from './kafka.ts';
export type { KafkaOptions, TopicDeclaration } from './options.ts';
export type { Pem, SaslOptions, TlsOptions } from './security.ts';
// Publishing
export { KafkaPublisher } from './publisher.ts';
// Reading
export { KafkajsSource } from './kafkajs/kafkajs-source.ts';
export { PlatformaticSource } from './platformatic/platformatic-source.ts';
export type { SourceCounts } from './source-counts.ts';
// What can go wrong
export * from './errors.ts';
