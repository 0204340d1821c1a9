// Registries
export type { Compatibility, RegisteredSchema, SchemaRegistry } from './registry/schema-registry.ts';
