import { streamRef, type StreamId, type StreamVersion } from '@leftfold/core';
import type { Codec } from '../codec.ts';
import type { PublicRecord } from './encode-records.ts';
import { BEHIND } from './held-keys.ts';
import { SAVE_SOON_MS, type OwnedLane } from '../following/owned-lane.ts';
import type { PublishRecord } from '../publisher.ts';
import { recoveryOf } from '../following/recovery.ts';
import { RedriveRecords } from './redrive-records.ts';
import { RelayFault } from './relay-fault.ts';
import type { RelayLane } from './relay-lane.ts';
import { inGeneration, ledgerOf, type Redrive, type RelayLedger, type Stamped } from './relay-ledger.ts';
import type { Sending } from './send-records.ts';
import { logRecord } from '../record/log-record.ts';
import type { Cursor } from '../source.ts';
import type { Storage } from '../storage.ts';
import { refusalOf } from './withhold-records.ts';
import type { WithheldLog } from './withheld-log.ts';
import type { WithheldEvent } from '../withheld.ts';

/** Most events that are read, numbered and sent again at a time. */
const STEP = 200;

/** What sending withheld events again needs beside the lane. */
export interface Redriving {
  readonly storage: Pick<Storage, 'withheld' | 'store' | 'log'>;
  readonly codec: Codec;
  readonly service: string;
  readonly log: WithheldLog;
  /** Sees that the topic is what it was, before anything of it is numbered. */
  check(lane: RelayLane, topic: string): Promise<void>;
  send(
    lane: RelayLane,
    owned: OwnedLane,
    records: readonly PublishRecord[],
    withhold: Sending['withhold'],
    interrupted: AbortSignal,
  ): Promise<void>;
}

/**
 * Carries out what was requested of the lane's withheld keys: a step of the request that came first. Only between two windows, and only by the owner (hazard R15):
 *
 * 1. the ledger is saved with the key, the versions and, by that, their numbers: whoever takes over sends the same events under the same ones, before anything else;
 * 2. they are sent, in order, and confirmed; where one is refused again, it and those behind it are noted under the new numbers, and small records sent;
 * 3. what was sent is noted as settled;
 * 4. with the next save the ledger goes on behind them.
 *
 * Answers how many events that were. @throws `LF_LANE_LOST`, and faults of the servers, after which the step is begun or finished again
 */
export async function redriveStep(
  lane: RelayLane,
  owned: OwnedLane,
  tools: Redriving,
  interrupted: AbortSignal,
): Promise<number> {
  if (lane.isWindowOpen) return 0;
  if (lane.ledger.redrive === undefined && !(await begin(lane, owned, tools, interrupted))) return 0;
  return finishRedrive(lane, owned, tools, interrupted);
}

async function begin(lane: RelayLane, owned: OwnedLane, tools: Redriving, interrupted: AbortSignal): Promise<boolean> {
  const { withheld } = tools.storage;
  if (lane.held.size === 0 || owned.done === 'start') return false;
  const head = await withheld.requested(owned.claim);
  if (head === undefined) return false;
  const rows = await withheld.events(head, { after: before(head.streamVersion), limit: STEP });
  await tools.check(lane, head.topic);
  // A registry that is away must not hold up all keys for the sake of one; nothing is numbered yet.
  if (!(await isPrepared(await eventsOf(tools, rows), tools.codec, interrupted))) return false;
  const { topic, tenant, stream, partition, request } = head;
  const redrive: Redrive = {
    topic,
    tenant,
    stream,
    partition,
    versions: rows.map(({ streamVersion }) => String(streamVersion)),
    request: { ...request, at: request.at.toISOString() },
  };
  const ledger = ledgerOf(inGeneration(lane.ledger, lane.generation), { isWithholding: true, redrive });
  await owned.save(owned.done, ledger);
  lane.ledger = ledger;
  return true;
}

/** Sends what the ledger names, under the numbers that follow there, and goes on behind it. To be done before anything else is numbered. */
export async function finishRedrive(
  lane: RelayLane,
  owned: OwnedLane,
  tools: Redriving,
  interrupted: AbortSignal,
): Promise<number> {
  const redrive = lane.ledger.redrive as Redrive;
  const { codec, service, storage } = tools;
  const { withheld } = storage;
  const first = BigInt(redrive.versions[0] as string) as StreamVersion;
  const key = { topic: redrive.topic, tenant: redrive.tenant, stream: redrive.stream as StreamId };
  const rows = await withheld.events(key, { after: before(first), limit: redrive.versions.length });
  const events = rows.length === redrive.versions.length ? await eventsOf(tools, rows) : [];
  if (events.length !== redrive.versions.length) throw lacking(redrive);

  const stamped = numbered(lane.ledger, redrive, events);
  const redriven = new RedriveRecords({ withheld, claim: owned.claim, codec, service }, redrive, stamped, rows);
  const records = await redriven.all(interrupted);
  const again: Sending['withhold'] = (place, cause) => redriven.refused(place, refusalOf(cause, records[place]));
  await tools.send(lane, owned, records, again, interrupted);

  const { settled } = redriven;
  const request = { ...redrive.request, at: new Date(redrive.request.at) };
  const next = await withheld.settle(owned.claim, key, settled, { request, goesOn: settled.length === events.length });
  tools.log.settled(key, request, { settled: settled.length, next });
  lane.held.set(key, next === undefined ? undefined : { from: next, cause: BEHIND });
  lane.ledger = ledgerOf(behind(lane.ledger, redrive), { isWithholding: lane.held.size > 0 });
  owned.passed(owned.done as Cursor, SAVE_SOON_MS, lane.ledger);
  return events.length;
}

const lacking = ({ stream, topic }: Redrive): RelayFault =>
  new RelayFault(
    'LF_LEDGER_FOREIGN',
    `events of ${stream} were being sent to ${topic} again that are not in this log, or not noted as withheld: restore log and checkpoints together`,
  );

const before = (version: StreamVersion): StreamVersion => (version - 1n) as StreamVersion;

/** The events of these rows, which are of one stream, as the log has them now. */
async function eventsOf({ storage }: Redriving, rows: readonly WithheldEvent[]): Promise<readonly PublicRecord[]> {
  const { category, stream, tenant, streamVersion: first } = rows[0] as WithheldEvent;
  const upTo = (rows.at(-1) as WithheldEvent).streamVersion;
  const wanted = new Map(rows.map(({ streamVersion, topic }) => [streamVersion, topic]));
  const ref = streamRef(category, stream.slice(category.length + 1), tenant);
  const events: PublicRecord[] = [];
  for await (const page of storage.store.read(ref, { after: before(first), upTo })) {
    for (const event of page) {
      const topic = wanted.get(event.streamVersion);
      if (topic !== undefined) events.push({ ...logRecord(event), topic });
    }
  }
  return events;
}

async function isPrepared(events: readonly PublicRecord[], codec: Codec, signal: AbortSignal): Promise<boolean> {
  try {
    await codec.prepare({ writers: [...new Set(events.map(({ schema }) => schema))] }, { signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (recoveryOf(error) !== 'again') throw error;
    return false;
  }
}

function numbered(
  { log, generation, topics }: RelayLedger,
  { topic, partition }: Redrive,
  events: readonly PublicRecord[],
): readonly Stamped<PublicRecord>[] {
  const { began, next } = topics[topic] as RelayLedger['topics'][string];
  const first = next[partition] as number;
  return events.map((record, place) => ({
    record,
    partition,
    stamp: { log, generation, began: began[partition] as number, sequence: first + place },
  }));
}

/** The ledger that goes on behind what was sent again. */
function behind(ledger: RelayLedger, { topic, partition, versions }: Redrive): RelayLedger {
  const of = ledger.topics[topic] as RelayLedger['topics'][string];
  const next = of.next.with(partition, (of.next[partition] as number) + versions.length);
  return { ...ledger, topics: { ...ledger.topics, [topic]: { ...of, next } } };
}
