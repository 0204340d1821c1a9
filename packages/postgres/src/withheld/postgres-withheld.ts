import type { EventId, LogPosition, StreamId, StreamVersion } from '@leftfold/core';
import { LaneLost } from '@leftfold/subscriptions';
import type {
  Claim,
  HeldKey,
  Lane,
  Withheld,
  WithheldCause,
  WithheldEvent,
  WithheldRequest,
  Withholding,
} from '@leftfold/subscriptions';
import type { Database } from '../database.ts';
import { withheldStatements } from './withheld-statements.ts';

interface CauseRow {
  readonly code: string;
  readonly cause: string;
  readonly bytes: bigint | null;
}
interface KeyRow extends CauseRow {
  readonly topic: string;
  readonly tenant: string;
  readonly stream_id: StreamId;
  readonly version: StreamVersion;
}
interface EventRow extends KeyRow {
  readonly category: string;
  readonly lane: Lane;
  readonly partition: number;
  readonly event_id: EventId;
  readonly type: string;
  readonly position: LogPosition;
  readonly sequence: bigint;
  readonly attempts: number;
  readonly withheld_at: Date;
  readonly state: WithheldEvent['state'];
  readonly settled_sequence: bigint | null;
  readonly settled_at: Date | null;
  readonly request: WithheldRequest['kind'] | null;
  readonly requested_by: string | null;
  readonly requested_at: Date | null;
  readonly reason: string | null;
}

/** {@link Withheld} in the log's own schema, one statement each. What an owner writes is in one statement with the look at its epoch. */
export function postgresWithheld(database: Database): Withheld {
  const statements = withheldStatements(database.schema);
  return {
    async keys({ lane }) {
      const rows = await database.query<KeyRow>(statements.keys, [lane]);
      return rows.map((row): HeldKey => {
        const { topic, tenant, stream_id: stream, version: from } = row;
        return { topic, tenant, stream, from, cause: causeOf(row) };
      });
    },
    async withhold(claim, events, carriedOut) {
      if (events.length === 0) return;
      const values = [...guard(claim), JSON.stringify(events.map(noted)), carriedOut?.at.toISOString() ?? null];
      const rows = await database.query(statements.withhold, values);
      if (rows.length === 0) throw new LaneLost(claim.follower, claim.lane);
    },
    async requested({ lane }) {
      const [row] = await database.query<EventRow>(statements.requested, [lane]);
      if (row === undefined) return undefined;
      const event = eventOf(row);
      return event.request && { ...event, request: event.request };
    },
    async settle(claim, { topic, tenant, stream }, settled, { request, goesOn }) {
      const each = settled.map(({ streamVersion, state, sequence }, n) => ({
        n,
        version: String(streamVersion),
        state,
        sequence,
      }));
      const { kind, by, reason = null, at } = request;
      const asked = [kind, by, reason, at.toISOString(), goesOn];
      const values = [...guard(claim), topic, tenant, stream, JSON.stringify(each), ...asked];
      const [row] = await database.query<{ readonly version: StreamVersion | null }>(statements.settle, values);
      if (row === undefined) throw new LaneLost(claim.follower, claim.lane);
      return row.version ?? undefined;
    },
    async events({ topic, tenant, stream }, { after = 0n, limit }) {
      const rows = await database.query<EventRow>(statements.events, [topic, tenant, stream, String(after), limit]);
      return rows.map(eventOf);
    },
    async list({ after, limit }) {
      const { topic = null, tenant = null, stream = null } = after ?? {};
      const rows = await database.query<EventRow & { readonly events: bigint }>(statements.list, [
        topic,
        tenant,
        stream,
        limit,
      ]);
      return rows.map((row) => ({ head: eventOf(row), events: Number(row.events) }));
    },
    async request({ topic, tenant, stream }, { kind, by, reason = null, streamVersion }) {
      const version = streamVersion === undefined ? null : String(streamVersion);
      const rows = await database.query(statements.request, [topic, tenant, stream, version, kind, by, reason]);
      return rows.length > 0;
    },
  };
}

const guard = ({ follower, lane, epoch }: Claim): readonly unknown[] => [
  follower.name,
  follower.version,
  lane,
  epoch.toString(),
];

const noted = (event: Withholding): object => ({
  topic: event.topic,
  tenant: event.tenant,
  stream_id: event.stream,
  version: String(event.streamVersion),
  category: event.category,
  partition: event.partition,
  event_id: event.eventId,
  type: event.type,
  position: String(event.position),
  sequence: event.sequence,
  code: event.cause.code,
  cause: event.cause.text,
  bytes: event.cause.bytes ?? null,
});

const causeOf = ({ code, cause, bytes }: CauseRow): WithheldCause => ({
  code,
  text: cause,
  ...(bytes !== null && { bytes: Number(bytes) }),
});

function eventOf(row: EventRow): WithheldEvent {
  const { settled_sequence: settled, settled_at: settledAt, request, requested_by: by, requested_at: at, reason } = row;
  return {
    topic: row.topic,
    tenant: row.tenant,
    stream: row.stream_id,
    category: row.category,
    streamVersion: row.version,
    lane: row.lane,
    partition: row.partition,
    eventId: row.event_id,
    type: row.type,
    position: row.position,
    sequence: Number(row.sequence),
    cause: causeOf(row),
    attempts: row.attempts,
    withheldAt: row.withheld_at,
    state: row.state,
    ...(request && by !== null && at && { request: { kind: request, by, at, ...(reason !== null && { reason }) } }),
    ...(settled !== null && settledAt && { settled: { sequence: Number(settled), at: settledAt } }),
  };
}
