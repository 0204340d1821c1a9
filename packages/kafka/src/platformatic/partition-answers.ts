import type { Answered } from '../client.ts';
import { topicLane } from '../topic-lane.ts';

/** The part of an answer to a produce request that is read here. */
interface ProduceAnswer {
  readonly responses: readonly {
    readonly name: string;
    readonly partitionResponses: readonly {
      readonly index: number;
      readonly errorCode: number;
      readonly baseOffset: bigint;
    }[];
  }[];
}

/**
 * What a failed send of the package came to, partition by partition: its error holds the answers of the brokers that did answer, also those of tries
 * before the last one. What a broker has confirmed once stays so, since every try sends the same bytes.
 */
export function partitionAnswers(error: unknown): Answered {
  const written = new Map<string, bigint | undefined>();
  const failed = new Map<string, unknown>();
  for (const each of within(error)) {
    const { produced, response, errors } = each;
    for (const { topic, partition, offset } of (produced as Produced | undefined)?.offsets ?? [])
      written.set(topicLane(topic, partition), offsetOf(offset));
    for (const [i, { name, partitionResponses }] of (
      (response as ProduceAnswer | undefined)?.responses ?? []
    ).entries())
      for (const [j, { index, errorCode, baseOffset }] of partitionResponses.entries()) {
        const lane = topicLane(name, index);
        if (errorCode === 0) written.set(lane, offsetOf(baseOffset));
        else failed.set(lane, ofPath(errors, `/responses/${i}/partition_responses/${j}`) ?? error);
      }
  }
  for (const lane of written.keys()) failed.delete(lane);
  return { written, failed, cause: error };
}

interface Produced {
  readonly offsets?: readonly { readonly topic: string; readonly partition: number; readonly offset: bigint }[];
}

/** Negative where the broker does not tell. */
export function offsetOf(offset: bigint): bigint | undefined {
  return offset < 0n ? undefined : offset;
}

function ofPath(errors: unknown, path: string): unknown {
  return Array.isArray(errors)
    ? errors.find((each: unknown) => (each as { readonly path?: unknown } | null)?.path === path)
    : undefined;
}

/** An error and all it wraps, outermost first; of several tries the first one first. */
function* within(error: unknown, seen: Set<unknown> = new Set()): Generator<{ readonly [field: string]: unknown }> {
  if (typeof error !== 'object' || error === null || seen.has(error)) return;
  seen.add(error);
  const fields = error as { readonly [field: string]: unknown };
  yield fields;
  if (Array.isArray(fields['errors'])) for (const each of fields['errors']) yield* within(each, seen);
  yield* within(fields['cause'], seen);
}
