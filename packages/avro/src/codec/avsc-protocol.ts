import avsc from 'avsc';
import type { BoundedTap } from './bounded-tap.ts';

/** avsc's place in a buffer that it writes to. What is written beyond the end is lost, and noticed by the place in the end. */
export interface Tap {
  readonly buf: Buffer;
  pos: number;
  writeInt(value: number): void;
  writeLong(value: number): void;
  writeFloat(value: number): void;
  writeDouble(value: number): void;
  writeString(value: string): void;
  writeBytes(value: Buffer): void;
  writeFixed(value: Buffer, length: number): void;
}

/** Reads a value at its place. */
export type Read = (tap: BoundedTap) => unknown;

/** What reads one writer's type as one of the reader's. Here no function needs to be called on it. */
export interface Resolver {
  _read: Read | null;
}

/** How a value is copied; with `coerce: 2` it is a default as Avro's JSON says it, with `wrap: 2` of a union's first branch. */
export interface CopyOptions {
  readonly coerce?: number;
  readonly wrap?: number;
}

/**
 * What avsc's types ask of each other. Not in its declarations, and the one way to give it types of one's own that cost no second pass over a value; so its version
 * is pinned to the digit, and every use is held by a test. All that is used of avsc beyond its declarations stands in this file.
 */
export interface Protocol {
  _write(tap: Tap, value: unknown): void;
  _skip(tap: BoundedTap): void;
  _copy(value: unknown, options?: CopyOptions): unknown;
  _update(resolver: Resolver, writer: avsc.Type, options: object): void;
}

/** A type with what its declaration does not show. */
export const protocol = (type: avsc.Type): Protocol => type as unknown as Protocol;

/** Makes a decoded record of its fields, in their order. */
export type Constructor = (new (...values: unknown[]) => object) & { prototype: object };

/** What a record's type has made once, by its own constructor, and keeps. */
interface RecordProtocol extends Protocol {
  _createConstructor(errorStack: boolean, plain: boolean): Constructor;
  _createWriter(): Protocol['_write'];
  _createSkipper(): Protocol['_skip'];
}
/** What ours call where they add to it, with themselves as `this`. */
export const recordProtocol: RecordProtocol = avsc.types.RecordType.prototype as unknown as RecordProtocol;
