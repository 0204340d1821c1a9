import { InputInvalid } from '@leftfold/core';
import type { Broker } from './broker.ts';
import { RELAY } from './checkpoints.ts';
import { startFollower, type FollowerOptions } from './follower.ts';
import { SAVE_IDLE_MS, type OwnedLane } from './owned-lane.ts';
import { encodeRecords, type PublicRecord } from './encode-records.ts';
import type { Publisher } from './publisher.ts';
import { inGeneration, openLedger, refuseShared, stampRecords, withTopics, type RelayLedger } from './relay-ledger.ts';
import type { Running } from './running.ts';
import { sendUntilWritten } from './send-records.ts';
import type { Batch, Lane, LogRecord } from './source.ts';
import type { Storage } from './storage.ts';

/** A finished batch is saved alone when no other follows within this time: a restart then has nothing to send again. */
const SAVE_QUIET_MS = 200;
const SERVICE = /^[a-z][a-z0-9]*([.-][a-z0-9]+)*$/;

/** What a relay needs. */
export interface RelayOptions extends FollowerOptions {
  readonly storage: Storage;
  readonly to: Broker;
  /** Name of the service whose log this is, as `orders`: `ce_source` of every record. Lower-case words, joined by `.` or `-`. */
  readonly service: string;
}

/** One lane of the log: its numbers, and a publisher of its own. */
interface RelayLane {
  ledger: RelayLedger;
  /** The log's, when the lane was claimed. */
  readonly generation: number;
  readonly publisher: Publisher;
  readonly counts: Map<string, number>;
}

/**
 * Follows the log into the broker. Per batch: number the public events, gapless per partition; save the batch's place with the numbers *before* the send,
 * under the owner's epoch; send until every partition is confirmed. The next save confirms the batch. So events arrive at least once, per key in
 * version order, and one that is sent twice has the same number both times, also across crashes and from an owner that does not know yet that it was
 * succeeded (hazards R3, R4). One owner per lane, under a lease. Holds no event definitions.
 *
 * A lane with an event whose schema the registry does not hold (yet), or cannot be asked for, waits: `LF_SCHEMA_UNREGISTERED`, `LF_REGISTRY_UNAVAILABLE` in the
 * status, asked again with backoff, nothing of the batch saved or sent meanwhile. What is known already needs no registry. A lane that the registry refuses
 * for good stops with `LF_REGISTRY_REFUSED`, one with a payload that does not fit its own schema with `LF_PAYLOAD_UNENCODABLE` (hazard A7).
 *
 * A lane whose record the broker refuses stops with `LF_RECORD_REFUSED`; one with a topic whose partitions are no multiple of the log's lanes with
 * `LF_PARTITION_SHARED`, before anything of it is sent. Other faults of the broker are tried again for ever, visibly.
 *
 * @throws {@link InputInvalid} `LF_SERVICE_INVALID` when the service has another form
 */
export async function relay(options: RelayOptions): Promise<Running> {
  const { storage, to: broker, service } = options;
  if (!SERVICE.test(service))
    throw new InputInvalid(
      'LF_SERVICE_INVALID',
      `'${service}' cannot name a service: lower-case words, as in 'orders'`,
    );
  const lanes = new Map<Lane, RelayLane>();

  return startFollower<LogRecord>(
    {
      id: RELAY,
      source: storage.log,
      checkpoints: storage.checkpoints,
      open: async ({ claim }) => {
        const identity = await storage.log.identity();
        const ledger = openLedger(claim.ledger, identity);
        refuseShared(
          storage.log.lanes,
          Object.entries(ledger.topics).map(([topic, { next }]) => [topic, next.length] as const),
        );
        const publisher = lanes.get(claim.lane)?.publisher ?? (await broker.publisher());
        lanes.set(claim.lane, { ledger, generation: identity.generation, publisher, counts: new Map() });
      },
      deal: async (owned, batch, interrupted) => {
        const lane = lanes.get(batch.lane) as RelayLane;
        // Where it is the pinned place itself that is read on from, its records were numbered before.
        if (batch.from !== batch.at) lane.ledger = inGeneration(lane.ledger, lane.generation);
        const records = batch.records.filter((record): record is PublicRecord => record.topic !== null);
        if (records.length === 0) {
          owned.passed(batch.to, batch.records.length === 0 ? SAVE_IDLE_MS : SAVE_QUIET_MS, lane.ledger);
          return;
        }
        await relayRecords(lane, owned, batch, records, interrupted);
      },
      close: async (closed) => {
        const closing = [...lanes].filter(([lane]) => closed === undefined || lane === closed);
        for (const [lane] of closing) lanes.delete(lane);
        await Promise.all(closing.map(([, { publisher }]) => publisher.close()));
      },
    },
    options,
  );

  async function relayRecords(
    lane: RelayLane,
    owned: OwnedLane,
    batch: Batch<LogRecord>,
    records: readonly PublicRecord[],
    interrupted: AbortSignal,
  ): Promise<void> {
    const before = withTopics(lane.ledger, await countsOf(lane, records));
    const { stamped, ledger: after } = stampRecords(before, records);
    const encoded = await encodeRecords(stamped, { codec: broker.codec, service, signal: interrupted });
    await owned.save(batch.at, before);
    lane.ledger = before;
    await sendUntilWritten(encoded, {
      publisher: lane.publisher,
      interrupted,
      lost: owned.lost,
      retrying: (error) => owned.troubled(error),
      recheck: async () => {
        lane.counts.clear();
        withTopics(lane.ledger, await countsOf(lane, records));
      },
    });
    lane.ledger = after;
    owned.passed(batch.to, SAVE_QUIET_MS, after);
  }

  /** Partitions by topic, asked of the broker once per claim and after each fault. */
  async function countsOf(
    { counts, publisher }: RelayLane,
    records: readonly PublicRecord[],
  ): Promise<Map<string, number>> {
    for (const { topic } of records) if (!counts.has(topic)) counts.set(topic, await publisher.partitions(topic));
    refuseShared(storage.log.lanes, counts);
    return counts;
  }
}
