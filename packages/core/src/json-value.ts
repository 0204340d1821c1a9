import type { Json } from './schema/schema.ts';

/** A JSON object. */
export type JsonObject = { readonly [member: string]: Json };

/** A JSON array, told apart from objects; `Array.isArray` alone makes `any` of a readonly one. */
export function isJsonList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

/** A JSON object: neither null nor an array. Of what came from elsewhere than `JSON.parse` it says nothing more. */
export function isJsonObject(json: Json | undefined): json is JsonObject;
export function isJsonObject(json: unknown): json is Readonly<Record<string, unknown>>;
export function isJsonObject(json: unknown): boolean {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
