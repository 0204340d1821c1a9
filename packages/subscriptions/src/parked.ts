import type { Envelope, Json, StreamId } from '@leftfold/core';
import type { Claim, FollowerId } from './checkpoints.ts';
import type { KeptRecord, Lane } from './source.ts';

/**
 * What is parked as one: the events of one key that a follower cannot apply, on one lane. The key is the stream, `stream/<stream id>`, where events are applied in
 * the order of their streams; a row's key, `row/<key>`, where rows are fed by several streams.
 */
export interface ParkedKey {
  readonly tenant: string;
  readonly key: string;
}
/** A parked key as its owner must know it. */
export interface HeldStreams extends ParkedKey {
  /** Whose events are kept under it, each once: what else comes of these streams waits there, too, so that per stream nothing overtakes. */
  readonly streams: readonly StreamId[];
}
/** Where somebody finds a parked key. */
export interface ParkedPlace extends ParkedKey {
  readonly follower: FollowerId;
  readonly lane: Lane;
}

/** Why an event could not be applied. */
export interface ParkedCause {
  /** `LF_…`; of an error that is not ours, its own code or name. */
  readonly code: string;
  /** For people. May quote what a handler threw, so it is shown to operators, and never logged. */
  readonly text: string;
  readonly stack?: string;
}

/** What somebody asked of the lane's owner. */
export interface ParkedRequest {
  /** `'retry'`: apply what is parked, in order, and go on. `'discard'`: drop the first event and then retry the rest. */
  readonly kind: 'retry' | 'discard';
  /** The `n` of the event that was the key's first when it was asked: only that one is ever discarded for it. */
  readonly first: bigint;
  /** Who, for people. */
  readonly by: string;
  /** Given with a `'discard'`. */
  readonly reason?: string;
  /** Tells it from other requests on the same key. */
  readonly at: Date;
}
/** What asks for a retry when a redriven event has taken the first place of its key: nobody need do it by hand. */
export const BY_REDRIVE = 'redrive';

/** An event that waits behind others of its key, or is what they wait for. */
export interface ParkedEvent {
  /** In the order in which they came and are applied: rises within a key. */
  readonly n: bigint;
  readonly envelope: Envelope;
  /** `null`: the relay withholds it, so it has not come yet; its place in the order is kept. */
  readonly kept: KeptRecord | null;
  /** In place of its payload: stored JSON of the latest version of its type, by somebody who mended it. */
  readonly edited?: { readonly payload: Json; readonly by: string; readonly at: Date; readonly reason: string };
}
/** What became of an event that was not applied as it is in the log. Kept for ever; holds no payload. */
export interface ParkedNote extends ParkedPlace {
  readonly n: bigint;
  readonly envelope: Envelope;
  readonly kind: 'discarded' | 'edited';
  readonly by: string;
  readonly reason: string;
  /** When it was discarded, or applied with the other payload. */
  readonly at: Date;
}
/** An event to be put behind what is parked of its key. `n` is given by the storage. */
export interface NewParked extends ParkedKey {
  readonly envelope: Envelope;
  readonly kept: KeptRecord | null;
  /** Set for the event that parks its key: it is the first of it. Of a key that is parked already it says nothing. */
  readonly cause?: ParkedCause;
  /** With a cause: how often it was tried. Default 1. */
  readonly attempts?: number;
}

/** A key that is parked, as anybody may read it. */
export interface ParkedHead extends ParkedPlace {
  /** Of the first event. */
  readonly cause: ParkedCause;
  /** How often it was tried to apply the first event. */
  readonly attempts: number;
  /** Since when the key is parked. */
  readonly since: Date;
  readonly lastTried: Date;
  /** How many events of the key are kept, the first among them. */
  readonly events: number;
  readonly first: Envelope;
  readonly request?: ParkedRequest;
}

/**
 * The events that a follower could not apply, with all that came after them on their keys: sequenced dead letters, beside the checkpoints. Only the owner of a lane
 * parks, drains and unparks, inside its transactions under its epoch ({@link ParkedWriter}); anybody may ask and request here (hazard C15). Where nothing is parked
 * nothing is asked.
 */
export interface Parked {
  /** The keys of a lane that are parked now, in no order. To be asked after the claim: from then on the owner knows. */
  keys(claim: Claim): Promise<readonly HeldStreams[]>;
  /** Of a lane's parked keys those with an open request, the oldest first. @param options `limit` from 1 */
  requested(
    claim: Claim,
    options: { readonly limit: number },
  ): Promise<readonly (ParkedKey & { readonly request: ParkedRequest })[]>;
  /** Parked keys, of one follower or of all, in the order of follower, version, lane, tenant and key, after one. @param options `limit` from 1 */
  list(options: {
    readonly follower?: FollowerId;
    readonly after?: ParkedPlace;
    readonly limit: number;
  }): Promise<readonly ParkedHead[]>;
  /** How many keys are parked, by lane. A lane without any is left out. */
  count(follower: FollowerId): Promise<ReadonlyMap<Lane, number>>;
  /** Kept events of a key in their order, after one. @param options `limit` from 1; `bytes`: no more behind those whose payloads, as far as they are kept here, come to so many */
  events(
    at: ParkedPlace,
    options: { readonly after?: bigint; readonly limit: number; readonly bytes?: number },
  ): Promise<readonly ParkedEvent[]>;
  /** Puts a request on a key, in place of one that is there. False, and nothing done, where it is not parked, or its first event is not `first`, if one is named. */
  request(
    at: ParkedPlace,
    request: Omit<ParkedRequest, 'at' | 'first'> & { readonly first?: bigint },
  ): Promise<boolean>;
  /**
   * Puts a payload in place of an event's own, or of one that was put there before. Checked by the caller, who knows the schema. False, and nothing done, where the event is not
   * there any more, or has not come yet.
   */
  edit(
    at: ParkedPlace,
    n: bigint,
    edited: { readonly payload: Json; readonly by: string; readonly reason: string },
  ): Promise<boolean>;
  /** What was discarded, or applied with another payload than its own, of a follower, the latest first. @param options `limit` from 1 */
  notes(follower: FollowerId, options: { readonly limit: number }): Promise<readonly ParkedNote[]>;
}

/** What the owner of a lane does with parked events, inside the transaction that moves its checkpoint, so under its epoch. */
export interface ParkedWriter {
  /**
   * Puts events behind what is parked of their keys, in the order given. A key that was not parked is from now on. One that is kept there already, by stream and version, stays
   * as it is.
   */
  park(events: readonly NewParked[]): Promise<void>;
  /** The first events of a key, in order, locked until the end of the transaction: nobody edits them meanwhile. @param limit from 1 */
  first(key: ParkedKey, limit: number): Promise<readonly ParkedEvent[]>;
  /**
   * Drops the events of a key up to `through`: they are applied or, with `discarded`, left out for ever. Those that are discarded, and those that were edited, leave a
   * {@link ParkedNote}. Answers whether the key is live again, since nothing of it is left; its request is answered then. What is left stays parked, its first event not tried yet,
   * with its request; one to `'discard'` that was carried out by this (told by its time, `carriedOut`) becomes one to `'retry'`, about what is first now.
   */
  drop(
    key: ParkedKey,
    through: bigint,
    discarded?: { readonly by: string; readonly reason: string; readonly carriedOut: Date },
  ): Promise<boolean>;
  /**
   * The first event was tried again and failed: its cause, one attempt more, and the request is answered if it is the one that was carried out, told by its time; another one,
   * made meanwhile, stays.
   */
  failed(key: ParkedKey, cause: ParkedCause, carriedOut: Date): Promise<void>;
  /**
   * What was withheld has come: the record takes the place that was kept for this version of its stream. Or it never will (`null`): the place is dropped, without a note.
   * Where the first of the key has come by that, a retry of it is requested by {@link BY_REDRIVE}, unless there is a request.
   *
   * Answers `'live'` when nothing of the key is left, `'parked'` otherwise, and `'unknown'`, with nothing done, where no place is kept for it under this key.
   */
  arrived(key: ParkedKey, event: Envelope, record: KeptRecord | null): Promise<'live' | 'parked' | 'unknown'>;
}
