import { compileFunction } from 'node:vm';
import { event, t, versionsOf, type AnyEventType, type Json } from '@leftfold/core';

/** The Avro text of a version. */
export const avroOf = (type: AnyEventType, version = 1): Json => versionsOf(type)[version - 1]?.schema.avro ?? null;

/** What the printed file exports. By evaluation, which is quicker than a file. */
export function run(code: string): { readonly [name: string]: unknown } {
  const names = [...code.matchAll(/^export const (\w+)/gm)].map(([, name]) => name);
  const body = code.replace(/^import .*\n/, '').replaceAll(/^export const/gm, 'const');
  const source = `'use strict';\n${body}\nreturn { ${names.join(', ')} };`;
  const evaluate = compileFunction(source, ['t', 'event']) as (...of: readonly unknown[]) => unknown;
  return evaluate(t, event) as { readonly [name: string]: unknown };
}
/** The last constant is the schema itself. */
export function printedAvro(code: string): Json {
  const last = Object.values(run(code)).at(-1);
  return typeof last === 'function' ? avroOf(last as AnyEventType) : (last as t.AnySchema).avro;
}
