import { parseAvro, type t, type AvroType } from '@leftfold/core';
import type avsc from 'avsc';
import { writerType } from './writer-type.ts';

/** A writer's schema, made ready once. */
export interface Writer {
  readonly avro: t.Json;
  /** Its names resolved. */
  readonly graph: AvroType;
  readonly type: avsc.Type;
}

/** @throws `LF_SCHEMA_INVALID` when this is no Avro schema */
export function writerOf(avro: t.Json): Writer {
  const graph = parseAvro(avro);
  return { avro, graph, type: writerType(graph) };
}
