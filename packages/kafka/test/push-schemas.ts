import type { SchemaRegistry } from '@leftfold/avro';
import { versionsOf } from '@leftfold/core';
import type { AnyEventType } from '@leftfold/core';

/** Registers all versions of these types, as a release does before the service that writes them. */
export async function pushSchemas(registry: SchemaRegistry, ...types: readonly AnyEventType[]): Promise<void> {
  for (const { writer } of types.flatMap(versionsOf)) {
    const { namespace, name } = writer.avro as { readonly namespace: string; readonly name: string };
    await registry.register(`${namespace}.${name}`, JSON.stringify(writer.avro));
  }
}
