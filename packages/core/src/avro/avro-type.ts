import type { Json } from '../schema/schema.ts';

/**
 * A logical type that changes the stored JSON form, or that says more than its base type. All others are read as their base type, as Avro's specification
 * asks of a logical type that a reader does not know.
 */
export type AvroLogical =
  | { readonly name: 'uuid' | 'date' | 'timestamp-millis' }
  | { readonly name: 'decimal'; readonly precision: number; readonly scale: number };

/** Avro's types without a name and without parts. */
export type AvroPrimitiveName = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string';

/** A field of a record. */
export interface AvroField {
  readonly name: string;
  /** Names under which a writer may have it. Ours never have any. */
  readonly aliases: readonly string[];
  readonly type: AvroType;
  /** What a reader takes where the writer has no such field, in stored JSON form. Avro's own form of a default is another one. */
  readonly absent?: Json;
}

/** A record. Its fields are put in last, because one may be of the record itself. */
export interface AvroRecord {
  readonly kind: 'record';
  /** With its namespace. */
  readonly name: string;
  readonly aliases: readonly string[];
  readonly fields: readonly AvroField[];
  /** Of a variant of `t.union`: the field of the stored JSON form that says which it is; Avro says it by the record's name. */
  readonly tag?: { readonly field: string; readonly variant: string };
}

/** An Avro schema as a tree, or a graph where a record holds itself: every name is resolved. */
export type AvroType =
  | { readonly kind: AvroPrimitiveName; readonly logical?: AvroLogical }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | {
      readonly kind: 'enum';
      readonly name: string;
      readonly aliases: readonly string[];
      readonly symbols: readonly string[];
      readonly absent?: string;
    }
  | {
      readonly kind: 'fixed';
      readonly name: string;
      readonly aliases: readonly string[];
      readonly size: number;
      readonly logical?: AvroLogical;
    }
  | AvroRecord;

/** A type as people call it: `long`, `decimal(9, 2)`, `record orders.order.Money`. */
export function typeText(type: AvroType): string {
  if ('logical' in type && type.logical !== undefined) {
    const { logical } = type;
    return logical.name === 'decimal' ? `decimal(${logical.precision}, ${logical.scale})` : logical.name;
  }
  if ('name' in type) return `${type.kind} ${type.name}`;
  if (type.kind === 'union') return `one of ${type.branches.map(typeText).join(', ')}`;
  return type.kind;
}

/** A name without its namespace: by it Avro 1.12 matches the names of a writer and a reader. */
export const unqualified = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
