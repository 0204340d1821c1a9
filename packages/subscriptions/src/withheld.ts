import type { EventId, LogPosition, StreamId, StreamVersion } from '@leftfold/core';
import type { Claim } from './checkpoints.ts';
import type { Lane } from './source.ts';

/** What is withheld as one: the events of one stream that go to one topic. */
export interface WithheldKey {
  readonly topic: string;
  readonly tenant: string;
  readonly stream: StreamId;
}

/** Why an event is not in its topic. */
export interface WithheldCause {
  /** `LF_RECORD_REFUSED`: the broker will not take it. `LF_EARLIER_WITHHELD`: an earlier event of its key is withheld. `LF_PAYLOAD_UNENCODABLE`: found when it was to be sent again. */
  readonly code: string;
  /** For people, with the broker's own name of the fault. Holds nothing of the payload. */
  readonly text: string;
  /** How large its record is, where that was known. */
  readonly bytes?: number;
}

/** An event, and the small record that stands for it. */
export interface Withholding extends WithheldKey {
  readonly category: string;
  readonly streamVersion: StreamVersion;
  readonly partition: number;
  readonly eventId: EventId;
  readonly type: string;
  readonly position: LogPosition;
  /** Of the record that stands for it; of the last one, where it was refused again. */
  readonly sequence: number;
  readonly cause: WithheldCause;
}

/** What somebody asked of the owning relay. */
export interface WithheldRequest {
  readonly kind: 'redrive' | 'give-up';
  /** Who, for people. */
  readonly by: string;
  /** Given with a `'give-up'`. */
  readonly reason?: string;
  readonly at: Date;
}

/** A withheld event as anybody may read it. It is kept for ever, so that it can be told what became of each record of a topic. */
export interface WithheldEvent extends Withholding {
  readonly lane: Lane;
  readonly state: 'withheld' | 'redriven' | 'given-up';
  /** How often it was tried to send it, or would have been. */
  readonly attempts: number;
  readonly withheldAt: Date;
  /** Open while the state is `'withheld'`; a refusal answers it: then it is gone, and `attempts` and `cause` say so. Afterwards what settled the event. */
  readonly request?: WithheldRequest;
  /** When it was redriven or given up, and the sequence of the record that says so. */
  readonly settled?: { readonly sequence: number; readonly at: Date };
}

/** A key that is withheld: its first event is what is in the way, the others stand behind it. */
export interface WithheldHead {
  readonly head: WithheldEvent;
  /** How many events of the key are withheld, the head among them. */
  readonly events: number;
}

/** A key that is withheld, as its owner must know it: from which event on, and why that one is. */
export interface HeldKey extends WithheldKey {
  readonly from: StreamVersion;
  readonly cause: WithheldCause;
}

/** What became of an event that was withheld. */
export interface Settlement {
  readonly streamVersion: StreamVersion;
  readonly state: 'redriven' | 'given-up';
  readonly sequence: number;
}

/**
 * The events that are not in their topic though it is their turn, in the log's own cluster (hazard R15). Only the owner of a lane writes what is so, each write
 * guarded by its claim's epoch in one statement with it; anybody may ask and request. Durable when a call resolves.
 */
export interface Withheld {
  /** The keys of a lane that are withheld now, each with its first event and that one's cause. To be asked after the claim. */
  keys(claim: Claim): Promise<readonly HeldKey[]>;
  /**
   * Notes events as withheld, all or none. One that is noted already, under this sequence or a later one, stays as it is; under an earlier one it was refused
   * again: sequence and cause are replaced, `attempts` rises, and the request that was carried out is answered; another one, made meanwhile, stays. One that is
   * settled stays so.
   * @param carriedOut what was requested of them, where they were to be sent again
   * @throws `LF_LANE_LOST` when the lane is somebody else's by now; then nothing was written
   */
  withhold(claim: Claim, events: readonly Withholding[], carriedOut?: Pick<WithheldRequest, 'at'>): Promise<void>;
  /** Of the lane's withheld keys the one that was requested first: its head, with the request. */
  requested(claim: Claim): Promise<(WithheldEvent & { readonly request: WithheldRequest }) | undefined>;
  /**
   * Notes what became of events of a key, all or none, and on the first of them the request that was carried out; what is settled already stays so. With `goesOn` the
   * next withheld event of the key gets it as a `'redrive'`, unless there is another request. Answers the key's first event that is still withheld.
   * @throws `LF_LANE_LOST` as {@link withhold}
   */
  settle(
    claim: Claim,
    key: WithheldKey,
    settled: readonly Settlement[],
    options: { readonly request: WithheldRequest; readonly goesOn: boolean },
  ): Promise<StreamVersion | undefined>;

  /** Events of a key in the order of their versions, settled ones too, after a version. @param options `limit` from 1 */
  events(
    key: WithheldKey,
    options: { readonly after?: StreamVersion; readonly limit: number },
  ): Promise<readonly WithheldEvent[]>;
  /** Withheld keys, in the order of topic, tenant and stream, after one. @param options `limit` from 1 */
  list(options: { readonly after?: WithheldKey; readonly limit: number }): Promise<readonly WithheldHead[]>;
  /**
   * Puts a request on the head of a key, in place of one that is there. False, and nothing done, where nothing of the key is withheld, or its head is not
   * `streamVersion`, if one is named.
   */
  request(
    key: WithheldKey,
    request: Omit<WithheldRequest, 'at'> & { readonly streamVersion?: StreamVersion },
  ): Promise<boolean>;
}
