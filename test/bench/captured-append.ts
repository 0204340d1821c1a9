import type { StreamAppend } from '@leftfold/core';
import { postgres, type PgPool, type PgQuery } from '@leftfold/postgres';
import { kafkaKey, partitionHash } from '@leftfold/core';
import type { Pool } from 'pg';

/** What a bare loop sends for one append: statement and parameters. */
export interface BareAppend {
  readonly name: string;
  readonly text: string;
  /** The parameters for an append of this shape: as many events, the same expectation. */
  readonly values: (append: BareRow) => unknown[];
}

/** What the author of a bare loop has at hand for an append. */
export interface BareRow {
  readonly streamId: string;
  readonly hash: number;
  readonly expected: bigint;
  readonly ids: readonly string[];
  readonly payloads: readonly string[];
  readonly metadata: readonly string[];
}

/** The row of an append. */
export function bareRow({ stream, expect, events }: StreamAppend): BareRow {
  return {
    streamId: stream.id,
    hash: partitionHash(kafkaKey(stream.tenant, stream.id)),
    expected: typeof expect === 'bigint' ? expect : 0n,
    ids: events.map(({ id }) => id),
    payloads: events.map(({ payload }) => payload),
    metadata: events.map(({ metadata }) => JSON.stringify(metadata)),
  };
}

/**
 * Learns the statement of limit L2 from the store itself: it appends twice through a pool that listens, and tells which parameters change with what. So the
 * limit is always the statement that the store sends now, and a changed parameter stops the benchmark instead of measuring another thing.
 * @param samples two appends of one shape that differ in everything that changes from append to append. They are written.
 */
export async function captureAppend(pool: Pool, samples: readonly [StreamAppend, StreamAppend]): Promise<BareAppend> {
  const [first, second] = [await captured(pool, samples[0]), await captured(pool, samples[1])];
  if (first.text !== second.text) throw new Error('two appends of one shape were sent as two statements');
  const [row, other] = [bareRow(samples[0]), bareRow(samples[1])];
  if (typeof samples[0].expect === 'bigint' && row.expected === other.expected)
    throw new Error('both samples expect one version');
  const slots = first.values.map((value, at) => slotOf(at, [value, row], [second.values[at], other]));
  return { name: 'bench_append', text: first.text, values: (append) => slots.map((slot) => slot(append)) };
}

type Slot = (row: BareRow) => unknown;

const SLOTS: readonly Slot[] = [
  ({ streamId }) => streamId,
  ({ hash }) => hash,
  ({ expected }) => expected,
  ({ ids }) => ids,
  ({ payloads }) => payloads,
  ({ metadata }) => metadata,
];

function slotOf(at: number, [value, row]: [unknown, BareRow], [otherValue, otherRow]: [unknown, BareRow]): Slot {
  if (String(value) === String(otherValue)) return () => value;
  const slot = SLOTS.find((one) => asText(one(row)) === String(value) && asText(one(otherRow)) === String(otherValue));
  if (slot === undefined) {
    throw new Error(
      `parameter $${at + 1} of the append changes with something the bare loop does not know: ${String(value)}`,
    );
  }
  return slot;
}

/** A parameter as it reaches the server. */
function asText(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  return `{${value.map((element) => `"${String(element).replaceAll(/[\\"]/g, '\\$&')}"`).join(',')}}`;
}

async function captured(
  pool: Pool,
  append: StreamAppend,
): Promise<{ readonly text: string; readonly values: unknown[] }> {
  const sent: PgQuery[] = [];
  const { store } = postgres({ pool: listening(pool, (query) => sent.push(query)) });
  const { kind } = await store.append([append]);
  if (kind !== 'appended') throw new Error(`the append to learn from ended as ${kind}`);
  const found = sent.filter(({ text }) => /insert into \S+\.events\b/.test(text));
  const [query] = found;
  if (query?.values === undefined || found.length > 1)
    throw new Error(`an append was sent as ${found.length} statements`);
  return { text: query.text, values: query.values };
}

/** A pool whose clients tell what they are asked. */
export function listening(pool: Pool, listener: (query: PgQuery) => void): PgPool {
  return {
    connect: async () => {
      const client = await pool.connect();
      return {
        query: (query) => {
          listener(query);
          return client.query(query);
        },
        on: (name, handler) => client.on(name, handler),
        removeListener: (name, handler) => client.removeListener(name, handler),
        release: (destroy) => client.release(destroy),
      };
    },
  };
}
