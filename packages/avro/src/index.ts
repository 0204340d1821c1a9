// Payloads in Confluent's wire format
export * from './codec/avro.ts';
export * from './codec/payload-unencodable.ts';
export { AvscUnsupported } from './codec/avsc-unsupported.ts';
// Registries
export type { Compatibility, RegisteredSchema, SchemaRegistry } from './registry/schema-registry.ts';
export { confluentRegistry } from './registry/confluent-registry.ts';
export type { ConfluentRegistryOptions, RegistryTls } from './registry/registry-options.ts';
export { fileRegistry } from './registry/file-registry.ts';
export * from './registry/errors.ts';
// Contracts
export * from './contracts/contracts-options.ts';
export * from './contracts/async-api.ts';
export * from './contracts/catalogue-markdown.ts';
export * from './contracts/write-contracts.ts';
// Releases
export * from './release/release-finding.ts';
export { checkRelease, type CheckOptions } from './release/check-release.ts';
export * from './release/push-schemas.ts';
export { writeGolden, GoldenChanged, type GoldenOptions, type GoldenReport } from './release/golden/write-golden.ts';
export type { LeftOutSample } from './release/golden/golden-plan.ts';
export { goldenCases, type GoldenCase } from './release/golden/golden-cases.ts';
export { schemaProgram, type ProgramOutput, type SchemaProgramOptions } from './release/schema-program.ts';
// Import of schemas
export { builderCode, type BuilderCode, type BuilderCodeOptions } from './import/builder-code.ts';
export type { Unsupported } from './import/reading.ts';
