// The way in
export { kafka } from './kafka.ts';
export type { KafkaOptions, TopicDeclaration } from './options.ts';
// Publishing
export { KafkaPublisher } from './publisher.ts';
// Reading
export { KafkaSource } from './source.ts';
// What can go wrong
export * from './errors.ts';
