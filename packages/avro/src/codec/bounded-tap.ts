import { isUtf8 } from 'node:buffer';
import { Unfit } from './unfit.ts';

/** Records in records. Ours end after a few; a stranger's may hold itself. */
const MAX_DEPTH = 1_000;
/**
 * Items that take no bytes, and records that are gone over and take none: of each so many, which is above what the largest payload can name. Without a bound, ten bytes
 * could ask for 2^60 items, and no byte at all for as many records where each of sixty holds the one before it twice.
 */
const MAX_EMPTY = 131_072;
const CUT = 'it ends before its value does';
const OTHER_LENGTH = 'a block is not as long as it says';

/** Node's own way to text, without the search for an encoding that stands before it; avsc takes the same. */
type NodeBuffer = Buffer & { utf8Slice(from: number, to: number): string };

/**
 * Bytes of Avro, read one value after the other. Stands in the place of avsc's own, which trusts every count and length and finds out at the end: a count of 2^50 has that
 * loop for days, a negative block length for ever, and a long beyond 2^53 loses its sign (hazards A6, A7). Here nothing is read beyond the end, and whoever reads
 * blocks counts what takes no bytes; so the work is linear in the bytes. Has the names that avsc calls.
 * @throws {@link Unfit} from each
 */
export class BoundedTap {
  readonly buf: NodeBuffer;
  pos: number;
  #depth = 0;
  #emptyItems = 0;
  #emptyRecords = 0;

  constructor(bytes: Buffer, from: number) {
    this.buf = bytes as NodeBuffer;
    this.pos = from;
  }

  /** A count, a length or an index: no buffer is as long as 2^48. */
  readLong(): number {
    const value = this.#short();
    if (value === undefined) throw new Unfit('a count, length or index is out of bounds');
    return value;
  }
  /** A varint of up to seven bytes, whose value is exact; `undefined` for longer ones. */
  #short(): number | undefined {
    const { buf } = this;
    let byte = buf[this.pos++] as number;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let zigzag = byte & 0x7f;
    for (let scale = 0x80; scale < 2 ** 49; scale *= 0x80) {
      byte = buf[this.pos++] as number;
      zigzag += (byte & 0x7f) * scale;
      if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    }
    if (this.pos > buf.length) throw new Unfit(CUT);
    return undefined;
  }

  readInt(): number {
    const from = this.pos;
    const value = this.readLong();
    if (this.pos - from < 5 || value === (value | 0)) return value;
    throw new Unfit('an int is beyond 32 bits');
  }

  /** Exact within ±(2^53−1), else refused: for readers that hold a long as a number. */
  readInteger(): number {
    const from = this.pos;
    const short = this.#short();
    if (short !== undefined) return short;
    this.pos = from;
    const value = Number(this.#whole());
    if (Number.isSafeInteger(value)) return value;
    throw new Unfit('a long is beyond ±(2^53−1), which its reader does not take');
  }

  readBigint(): bigint {
    const from = this.pos;
    const short = this.#short();
    if (short !== undefined) return BigInt(short);
    this.pos = from;
    return this.#whole();
  }
  /** Source: Avro specification 1.12, "Binary Encoding": variable-length zig-zag. */
  #whole(): bigint {
    let zigzag = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      zigzag |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (zigzag >= 2n ** 64n) break;
      return (zigzag >> 1n) ^ -(zigzag & 1n);
    }
    throw new Unfit('a long is beyond 64 bits');
  }

  readBoolean(): boolean {
    const byte = this.#byte();
    if (byte > 1) throw new Unfit('a boolean is neither 0 nor 1');
    return byte === 1;
  }
  readFloat(): number {
    return this.buf.readFloatLE(this.advance(4));
  }
  readDouble(): number {
    return this.buf.readDoubleLE(this.advance(8));
  }

  /** Broken bytes are an error, never a replacement character in somebody's name. Where there is none in the text, nothing was broken. */
  readString(): string {
    const from = this.sized();
    const to = this.pos;
    const ascii = to - from <= SHORT ? shortAscii(this.buf, from, to) : undefined;
    if (ascii !== undefined) return ascii;
    const text = this.buf.utf8Slice(from, to);
    if (text.includes('\ufffd') && !isUtf8(this.buf.subarray(from, to))) throw new Unfit('a text is no UTF-8');
    return text;
  }

  skipBoolean(): void {
    this.advance(1);
  }
  skipInt(): void {
    this.skipLong();
  }
  skipLong(): void {
    while (this.#byte() >= 0x80);
  }
  skipFloat(): void {
    this.advance(4);
  }
  skipDouble(): void {
    this.advance(8);
  }
  skipBytes(): void {
    this.sized();
  }
  skipString(): void {
    this.sized();
  }
  skipFixed(size: number): void {
    this.advance(size);
  }

  /** Goes behind bytes that have their length before them; answers where they begin. */
  sized(): number {
    const size = this.readLong();
    if (size < 0) throw new Unfit('a length is negative');
    return this.advance(size);
  }
  /** Answers where it stood. */
  advance(size: number): number {
    const from = this.pos;
    this.pos = from + size;
    if (this.pos > this.buf.length) throw new Unfit(CUT);
    return from;
  }
  #byte(): number {
    const byte = this.buf[this.pos++];
    if (byte === undefined) throw new Unfit(CUT);
    return byte;
  }

  /** The items of an array. A loop of its own, because most of a large record's time is spent in it. */
  list(items: { _read(tap: BoundedTap): unknown }): unknown[] {
    const list: unknown[] = [];
    for (let count = this.readLong(); count !== 0; count = this.readLong()) {
      const end = this.#blockEnd(count);
      for (let left = Math.abs(count); left > 0; left--) {
        const { pos } = this;
        list.push(items._read(this));
        if (this.pos === pos) this.#countEmpty();
      }
      if (end !== undefined && end !== this.pos) throw new Unfit(OTHER_LENGTH);
    }
    return list;
  }

  /** Calls `item` for each item of an array or entry of a map. */
  blocks(item: (tap: BoundedTap) => void): void {
    for (let count = this.readLong(); count !== 0; count = this.readLong()) {
      const end = this.#blockEnd(count);
      for (let left = Math.abs(count); left > 0; left--) {
        const { pos } = this;
        item(this);
        if (this.pos === pos) this.#countEmpty();
      }
      if (end !== undefined && end !== this.pos) throw new Unfit(OTHER_LENGTH);
    }
  }
  /** Source: Avro specification 1.12, "Arrays": blocks of a count and so many items; a negative count is followed by the block's length in bytes. */
  #blockEnd(count: number): number | undefined {
    return count < 0 ? this.readLong() + this.pos : undefined;
  }
  #countEmpty(): void {
    if (++this.#emptyItems > MAX_EMPTY) throw new Unfit(`more than ${MAX_EMPTY} items have no bytes`);
  }

  /** Calls `record` one level deeper. */
  deeper(record: (tap: BoundedTap) => void): void {
    const { pos } = this;
    if (++this.#depth > MAX_DEPTH) throw new Unfit(`records lie more than ${MAX_DEPTH} deep in each other`);
    record(this);
    this.#depth -= 1;
    if (this.pos === pos && ++this.#emptyRecords > MAX_EMPTY)
      throw new Unfit(`more than ${MAX_EMPTY} records have no bytes`);
  }

  /** Exactly one value was there. */
  finish(): void {
    const left = this.buf.length - this.pos;
    if (left > 0) throw new Unfit(`${left} bytes follow its value`);
  }
}

/** Below so many bytes a text is made sooner here than by a call into the platform. */
const SHORT = 8;
/** The text of ASCII bytes; `undefined` where one is none. */
function shortAscii(bytes: Buffer, from: number, to: number): string | undefined {
  let text = '';
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]] as [number, number, number, number];
    if ((a | b | c | d) >= 0x80) return undefined;
    text += String.fromCharCode(a, b, c, d);
  }
  for (; at < to; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x80) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
