import { PLACED, placesText, type Placed } from '../inline/placed-events.ts';
import { prepared, type Statement } from '../statement.ts';
import { DURABLE_COMMIT } from './durable-commit.ts';
import { lockTimeout } from './lock-timeout.ts';

/** How a single-stream append meets the stream's head: which version it must have, and whether it may be there at all. */
export type HeadExpectation = 'exact' | 'absent' | 'present' | 'any';

/**
 * Appends to one stream: one statement, one round trip, its own transaction. One row back, `(version, xid)`: written; none: the head was not as
 * expected, nothing was written.
 *
 * The order inside is what hazards L7 to L10 are about: the head row is locked and checked first; the rows of events come out of `head`, so their
 * positions are drawn under its lock and only after the check.
 *
 * $1 tenant · $2 stream id · $3 category · $4 expected version (`exact`) or hash · $5 number of events · events: $6 ids · $7 schema ids ·
 * $8 topics · $9 payloads · $10 metadata
 * @param lockTimeoutMs how long it waits for the head. @param placed the row says of each event where it stands, too.
 */
export function appendStatement(
  schema: string,
  expectation: HeadExpectation,
  lockTimeoutMs: number,
  placed?: Placed,
): Statement {
  return prepared(
    `append_${expectation}${placed === undefined ? '' : `_${placed}`}`,
    `with head as (
  ${headText(schema, expectation, lockTimeout(lockTimeoutMs))}
  returning s.version, s.hash
), written as (
  insert into ${schema}.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata)
  select head.version - $5::int8 + e.nth, e.id, head.hash, e.schema_id, $1, $2, $3, e.topic, e.payload, e.metadata
  from head, unnest($6::uuid[], $7::int[], $8::text[], $9::json[], $10::json[]) with ordinality
    as e(id, schema_id, topic, payload, metadata, nth)
  order by e.nth${placed ? `\n  ${PLACED}` : ''}
)
select version::text, pg_current_xact_id()::text as xid${placed ? `, ${placesText(placed)}` : ''} from head`,
    { inDoubt: 'an append' },
  );
}

function headText(schema: string, expectation: HeadExpectation, timeout: string): string {
  const update = `update ${schema}.streams as s set version = s.version + $5::int8
  where s.tenant = $1::text and s.stream_id = $2::text and s.category = $3::text and ${timeout} and ${DURABLE_COMMIT}`;
  const insert = `insert into ${schema}.streams as s (tenant, stream_id, category, hash, version)
  select $1::text, $2::text, $3::text, $4::int, $5::int8 where ${timeout} and ${DURABLE_COMMIT}`;
  switch (expectation) {
    case 'exact':
      return `${update} and s.version = $4::int8`;
    case 'present':
      // Typed, though not used: all four take the same parameters.
      return `${update} and $4::int is not null`;
    case 'absent':
      return `${insert}
  on conflict (tenant, stream_id) do nothing`;
    case 'any':
      return `${insert}
  on conflict (tenant, stream_id) do update set version = s.version + excluded.version where s.category = excluded.category`;
  }
}
