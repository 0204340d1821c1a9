// The way in
export { kafka } from './kafka.ts';
export type { KafkaOptions, TopicDeclaration } from './options.ts';
// Publishing
export { KafkaPublisher } from './publisher.ts';
// Reading
export { KafkajsSource } from './kafkajs/kafkajs-source.ts';
// What can go wrong
export * from './errors.ts';
