import { InputInvalid } from '@leftfold/core';
import type { Broker } from '../broker.ts';
import { RELAY } from '../checkpoints.ts';
import { ownerName } from '../following/owner-name.ts';
import { startFollower, type FollowerOptions } from '../following/follower.ts';
import type { OwnedLane } from '../following/owned-lane.ts';
import { encodeRecords, type PublicRecord } from './encode-records.ts';
import { accompany } from '../observation/accompany.ts';
import { harmlessLogger } from '../observation/harmless.ts';
import { HeldKeys } from './held-keys.ts';
import { checkMilestoneOptions, LaneMilestones, type MilestoneOptions } from './lane-milestones.ts';
import type { PublishRecord } from '../publisher.ts';
import { finishRedrive, redriveStep, type Redriving } from './redrive.ts';
import type { RelayLane } from './relay-lane.ts';
import { inGeneration, ledgerOf, openLedger, refuseShared, sending, stampRecords, withTopics } from './relay-ledger.ts';
import { RelayMetrics } from '../observation/relay-metrics.ts';
import type { Running } from '../following/running.ts';
import { sendUntilWritten, type Sending } from './send-records.ts';
import type { Batch, Lane, LogRecord } from '../source.ts';
import type { Storage } from '../storage.ts';
import { WithheldLog } from './withheld-log.ts';
import { WindowWithholding } from './withhold-records.ts';

/** A finished batch is saved alone when no other follows within this time: a restart then has nothing to send again. */
const SAVE_QUIET_MS = 200;
const SERVICE = /^[a-z][a-z0-9]*([.-][a-z0-9]+)*$/;

/** What a relay needs. */
export interface RelayOptions extends FollowerOptions {
  readonly storage: Storage;
  readonly to: Broker;
  /** Name of the service whose log this is, as `orders`: `ce_source` of every record. Lower-case words, joined by `.` or `-`. */
  readonly service: string;
  /** How often it notes where log and topics stand, for rebuilds. */
  readonly milestones?: MilestoneOptions;
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
 * A record that the broker refuses for what it is, is withheld: a small record takes its place and its sequence, the later events of its key are withheld behind
 * it, all other keys go on ({@link Storage.withheld}, hazard R15). `redrive` and `giveUp` are carried out here, within about a second.
 *
 * A lane whose records the broker refuses, whatever they are, stops with `LF_RECORD_REFUSED`; one with a topic whose partitions are no multiple of the log's lanes with
 * `LF_PARTITION_SHARED`, before anything of it is sent. Other faults of the broker are tried again for ever, visibly.
 *
 * Every ten seconds a lane that has published writes a milestone ({@link Storage.milestones}).
 *
 * @throws {@link InputInvalid} `LF_SERVICE_INVALID` when the service has another form · `LF_OPTION_OUT_OF_RANGE`
 */
export async function relay(options: RelayOptions): Promise<Running> {
  const { storage, to: broker, service, owner = ownerName() } = options;
  if (!SERVICE.test(service))
    throw new InputInvalid(
      'LF_SERVICE_INVALID',
      `'${service}' cannot name a service: lower-case words, as in 'orders'`,
    );
  const { milestones: milestoneOptions = {} } = options;
  checkMilestoneOptions(milestoneOptions);
  const lanes = new Map<Lane, RelayLane>();
  const counted = new RelayMetrics(options.metrics);
  const log = new WithheldLog(options.logger);
  const logger = options.logger && harmlessLogger(options.logger);
  const redriving: Redriving = {
    storage,
    codec: broker.codec,
    service,
    log,
    check: async (lane, topic) => void withTopics(lane.ledger, await countsOf(lane, [topic])),
    send,
  };

  const running = startFollower<LogRecord>(
    {
      id: RELAY,
      source: storage.log,
      checkpoints: storage.checkpoints,
      open: async (owned) => {
        const { claim } = owned;
        const identity = await storage.log.identity();
        const ledger = openLedger(claim.ledger, identity);
        refuseShared(
          storage.log.lanes,
          Object.entries(ledger.topics).map(([topic, { next }]) => [topic, next.length] as const),
        );
        const before = lanes.get(claim.lane);
        await before?.milestones.close();
        const publisher = before?.publisher ?? (await broker.publisher());
        lanes.set(claim.lane, {
          claim,
          ledger,
          generation: identity.generation,
          publisher,
          counts: new Map(),
          held: new HeldKeys(await storage.withheld.keys(claim)),
          milestones: new LaneMilestones({
            ...milestoneOptions,
            milestones: storage.milestones,
            claim,
            identity,
            lanes: storage.log.lanes,
            gaveUp: (error) =>
              logger?.error(
                `lane ${claim.lane} writes no more milestones, so rebuilds find none: ${String(error)}. Mend it and start the relay again`,
                { lane: claim.lane },
              ),
          }),
          // Version 1 does not say, and has nothing to redrive.
          isWindowOpen: ledger.v === 1 || ledger.window === 'open',
          lastWindow: 0,
        });
        owned.withholding(lanes.get(claim.lane)?.held.size ?? 0);
      },
      deal: async (owned, batch, interrupted) => {
        const lane = lanes.get(batch.lane) as RelayLane;
        // Its numbers are the next ones. Tending looks first, so this is the second line.
        if (lane.ledger.redrive) await finishRedrive(lane, owned, redriving, interrupted);
        // Where it is the pinned place itself that is read on from, its records are numbered as they were before. But where a key was withheld and no window is open, what
        // came next there may have been a redrive, and the log have lost it.
        const isAsBefore = batch.from === batch.at && (lane.isWindowOpen || lane.ledger.v === 1);
        if (!isAsBefore) lane.ledger = inGeneration(lane.ledger, lane.generation);
        const records = batch.records.filter((record): record is PublicRecord => record.topic !== null);
        if (records.length === 0) {
          lane.ledger = ledgerOf(lane.ledger, { isWithholding: lane.held.size > 0 });
          // An empty window is never saved by itself: each save draws a transaction id, which makes the next empty window.
          owned.passed(batch.to, batch.records.length === 0 ? null : SAVE_QUIET_MS, lane.ledger);
        } else await relayRecords(lane, owned, batch, records, interrupted);
        lane.isWindowOpen = false;
        lane.lastWindow = records.length;
        owned.withholding(lane.held.size);
      },
      tend: async (owned, interrupted) => {
        const lane = lanes.get(owned.claim.lane);
        if (lane?.claim !== owned.claim) return false;
        // More than came in the last window, or a busy key would never be live again.
        const enough = 2 * lane.lastWindow;
        for (let sent = 0; ;) {
          const step = await redriveStep(lane, owned, redriving, interrupted);
          owned.withholding(lane.held.size);
          sent += step;
          if (step === 0) return false;
          if (sent > enough) return true;
        }
      },
      close: async (closed) => {
        const closing = [...lanes].filter(([lane]) => closed === undefined || lane === closed);
        for (const [lane] of closing) lanes.delete(lane);
        await Promise.all(closing.flatMap(([, { publisher, milestones }]) => [milestones.close(), publisher.close()]));
      },
    },
    { ...options, owner },
  );
  return accompany(running, {
    follower: RELAY,
    source: storage.log,
    storage,
    owner,
    leaseMs: options.leaseMs,
    isVersion: false,
  });

  async function relayRecords(
    lane: RelayLane,
    owned: OwnedLane,
    batch: Batch<LogRecord>,
    records: readonly PublicRecord[],
    interrupted: AbortSignal,
  ): Promise<void> {
    const topics = withTopics(lane.ledger, await countsOf(lane, topicsOf(records)));
    const before = ledgerOf(topics, { isWithholding: lane.held.size > 0, window: 'open' });
    const { stamped, ledger: after } = stampRecords(before, records);
    const encoded = await encodeRecords(stamped, { codec: broker.codec, service, signal: interrupted });
    await owned.save(batch.at, sending(before, after, batch.to));
    lane.ledger = before;
    lane.isWindowOpen = true;
    const withholding = new WindowWithholding(
      { withheld: storage.withheld, claim: owned.claim, held: lane.held, service, log },
      stamped,
      encoded,
    );
    await send(
      lane,
      owned,
      await withholding.heldBack(),
      async (place, cause) => {
        // First of all, so that code from before cannot go on with a window in which something is withheld.
        const withheld = ledgerOf(before, { isWithholding: true, window: 'open' });
        if (lane.ledger.v === 1) await owned.save(batch.at, withheld);
        lane.ledger = withheld;
        return withholding.refused(place, cause);
      },
      interrupted,
    );
    lane.ledger = ledgerOf(after, { isWithholding: lane.held.size > 0 });
    lane.milestones.reached(batch.to, lane.ledger);
    owned.passed(batch.to, SAVE_QUIET_MS, lane.ledger);
  }

  async function send(
    lane: RelayLane,
    owned: OwnedLane,
    records: readonly PublishRecord[],
    withhold: Sending['withhold'],
    interrupted: AbortSignal,
  ): Promise<void> {
    const sending = counted.begin(owned.claim.lane, lane.publisher, records.length);
    await sendUntilWritten(records, {
      publisher: lane.publisher,
      interrupted,
      lost: owned.lost,
      retrying: (error, unwritten) => {
        owned.troubled(error);
        sending.again(unwritten, error.cause);
      },
      recheck: async () => {
        lane.counts.clear();
        withTopics(lane.ledger, await countsOf(lane, topicsOf(records)));
      },
      withhold,
      written: (outcome) => lane.milestones.written(outcome),
    });
    sending.written();
  }

  /** Partitions by topic, asked of the broker once per claim and after each fault. */
  async function countsOf({ counts, publisher }: RelayLane, topics: Iterable<string>): Promise<Map<string, number>> {
    for (const topic of topics) if (!counts.has(topic)) counts.set(topic, await publisher.partitions(topic));
    refuseShared(storage.log.lanes, counts);
    return counts;
  }
}

const topicsOf = (records: readonly { readonly topic: string }[]): Iterable<string> =>
  new Set(records.map(({ topic }) => topic));
