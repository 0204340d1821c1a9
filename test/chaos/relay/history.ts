import type { Recorded } from '../processes/recorder.ts';

/** A writer was told that its events are in the log. */
export interface Acknowledged {
  readonly op: 'acknowledged';
  readonly ids: readonly string[];
}
/** Something that may never happen at all, told by whom it happened to. */
export interface Broken {
  readonly op: 'broken';
  readonly what: string;
}
export type Told = Acknowledged | Broken;
export type Line = Told & Recorded;

/** An event as it stands in the log's table after the run. */
export interface StoredEvent {
  readonly id: string;
  readonly tenant: string;
  readonly stream: string;
  readonly version: number;
  /** `null`: not published. */
  readonly topic: string | null;
  readonly payload: string;
}

/** A record as it stands in a topic after the run: read by a client, with what its headers say. */
export interface StoredRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly id: string;
  readonly tenant: string;
  readonly stream: string;
  readonly version: number;
  readonly log: string;
  readonly generation: number;
  /** The sequence at which the generation began in this partition. */
  readonly began: number;
  readonly sequence: number;
  readonly value: string;
  /** It only stands for an event: the broker is said to have refused it. */
  readonly isWithheld: boolean;
}

/** How far the relay's own row says it has come in a partition. */
export interface Confirmed {
  readonly topic: string;
  readonly partition: number;
  /** Sequence of the next record. */
  readonly next: number;
}

/** A milestone's word on a partition: from this offset on, every record with this sequence or a higher one is found. */
export interface Pointed extends Confirmed {
  readonly log: string;
  readonly generation: number;
  readonly offset: number;
}

/** All that there is to hold against each other. */
export interface RelayHistory {
  readonly told: readonly Line[];
  readonly events: readonly StoredEvent[];
  readonly records: readonly StoredRecord[];
  readonly confirmed: readonly Confirmed[];
  readonly pointed: readonly Pointed[];
}
