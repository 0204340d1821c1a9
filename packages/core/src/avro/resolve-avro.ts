import { InputInvalid } from '../errors.ts';
import type { Json } from '../schema/schema.ts';
import type { AvroType } from './avro-type.ts';
import type { AvroMismatch } from './mismatch.ts';
import { COMPARE, typeOrWhyNot } from './parse-avro.ts';
import { Plans } from './plans.ts';

/** Whether data of one schema can be read by another, and how. */
export interface AvroResolution {
  /** Why not; empty when it can be read. In the order of the reader's fields, the first 100. */
  readonly findings: readonly AvroMismatch[];
  /** True when the stored JSON form is the same under both, so that nothing needs to be converted. */
  readonly isSame: boolean;
  /**
   * The stored JSON form under the writer's schema → the one under the reader's. `json` is not changed; parts that are the same under both are shared with it.
   * Total: what is not of the writer's form is left as it is, or away, for the reader's walk to judge.
   * @throws {@link InputInvalid} `LF_SCHEMA_UNREADABLE` when there are findings
   */
  readonly convert: (json: unknown) => unknown;
}

/**
 * Avro's schema resolution on the stored JSON form: the one answer to "can this reader read that writer's data", for the log, for the codec's verdict and for the
 * release gate, so that what the gate lets pass can be decoded. Fields are matched by name, and absent ones take the reader's default; numbers are promoted, and
 * strings and bytes are read as each other; symbols that the reader does not know become its default symbol; records, enums and fixed types are matched by
 * their unqualified names, the record at the root by none: the type and version of the event say what that is. A logical type reads the same logical type only: a
 * decimal of the same scale and no more digits, never its base type, and the base type never it.
 *
 * A text that is no Avro is a finding, too. Costs as much as the product of both texts in the worst case, so keep what it answers.
 * Source: Avro specification 1.12, "Schema Resolution", and decision 0022.
 */
export function resolveAvro(writer: Json, reader: Json): AvroResolution {
  const from = parsed(writer, 'writer-invalid');
  const to = parsed(reader, 'reader-invalid');
  if ('rule' in from) return unreadable([from]);
  if ('rule' in to) return unreadable([to]);
  // Both are known to be of a bounded depth by now.
  if (JSON.stringify(writer) === JSON.stringify(reader)) return SAME;
  const { findings, run } = new Plans().ofRoots(from, to);
  if (findings.length > 0) return unreadable(findings);
  return run === undefined ? SAME : Object.freeze({ findings, isSame: false, convert: run });
}

const SAME: AvroResolution = Object.freeze({
  findings: Object.freeze([]),
  isSame: true,
  convert: (json: unknown) => json,
});

function unreadable(findings: readonly AvroMismatch[]): AvroResolution {
  const convert = (): never => {
    const [{ path, message, remedy } = {} as Partial<AvroMismatch>] = findings;
    throw new InputInvalid('LF_SCHEMA_UNREADABLE', `${path ? `${path}: ` : ''}${message}; ${remedy}`);
  };
  return Object.freeze({ findings: Object.freeze(findings), isSame: false, convert });
}

function parsed(avro: Json, rule: 'writer-invalid' | 'reader-invalid'): AvroType | AvroMismatch {
  const type = typeOrWhyNot(avro);
  return typeof type === 'string' ? { path: '', rule, message: type, remedy: COMPARE } : type;
}
