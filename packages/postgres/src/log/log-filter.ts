import type { LogReader } from '@leftfold/subscriptions';
import { arrayParameter } from '../column-types.ts';

/** Of a page through a filter: so many events are looked at for each that it may hold. One type of twenty fills its pages. */
const LOOKED_AT = 20;

const INT8_MAX = 2n ** 63n - 1n;

/** Which events a page is to hold; absent: all. */
export interface LogFilter {
  readonly only: LogReader['only'] | undefined;
  /** Of how many lanes which ones. */
  readonly lanes: { readonly among: readonly number[]; readonly of: number } | undefined;
  /** The last position that is looked at; absent: to the window's end. */
  readonly upTo: bigint | undefined;
}

/** Whether it lets everything through. */
export const isOpen = ({ only, lanes, upTo }: LogFilter): boolean =>
  lanes === undefined && upTo === undefined && only?.types === undefined && only?.categories === undefined;

/**
 * The condition. A type is named by its schemas' ids, which the statement itself looks up: a schema is committed before the first event that has it, so
 * whatever events a statement sees, it sees their schemas. Ids that are remembered would miss the next version of a type.
 *
 * @param first number of the first parameter of {@link filterValues}: `$first` the number of lanes less one · then lanes · types or null · categories or
 *   null · most events looked at, {@link lookedAt} · the last position looked at, {@link lastLookedAt}
 */
export const filterText = (schema: string, first: number): string =>
  `((hash & $${first}::int) = any ($${first + 1}::int[])
      and ($${first + 2}::text[] is null or schema_id = any (array(select known.id from ${schema}.schemas known where known.type = any ($${first + 2}::text[]))))
      and ($${first + 3}::text[] is null or category = any ($${first + 3}::text[])))`;

export const lookedAt = (first: number): string => `$${first + 4}::int`;
export const lastLookedAt = (first: number): string => `$${first + 5}::int8`;

/** @param limit most events that the page may hold */
export function filterValues({ only, lanes, upTo }: LogFilter, limit: number): readonly unknown[] {
  const { among, of } = lanes ?? { among: [0], of: 1 };
  return [
    of - 1,
    arrayParameter(among),
    only?.types === undefined ? null : arrayParameter(only.types),
    only?.categories === undefined ? null : arrayParameter(only.categories),
    limit * LOOKED_AT,
    upTo ?? INT8_MAX,
  ];
}
