import { LeftfoldError } from '@leftfold/core';

/** What a relay stamps on each record: where it stands in its partition, and of which log. */
export interface RecordStamp {
  /** Id of the log. */
  readonly log: string;
  /** Of the log; raised when it goes on after losing events. */
  readonly generation: number;
  /** The sequence at which this generation began in this partition. */
  readonly began: number;
  /** Gapless per (log, topic, partition), from 1, over all generations. */
  readonly sequence: number;
}

/** All a consumer has to know of a partition: the stamp of the last record it has dealt with. */
export interface RecordPlace {
  readonly log: string;
  readonly generation: number;
  readonly sequence: number;
}

/** What a record is to a consumer: dealt with before (a re-send), the next, or a reason to stop. */
export type Recognition =
  | { readonly kind: 'seen' }
  | { readonly kind: 'next'; readonly place: RecordPlace }
  | { readonly kind: 'fault'; readonly fault: RecordOutOfPlace };

/**
 * A record does not join what this consumer has dealt with. Nothing is skipped and nothing applied: its lane stops.
 *
 * - `LF_GAP`: records between are missing.
 * - `LF_RETENTION_PASSED`: a consumer without a place finds the topic's beginning gone (hazard C11).
 * - `LF_AHEAD_OF_LOG`: the log lost, in a fail-over, what this consumer has applied (hazard R13).
 * - `LF_OTHER_LOG`: another log writes to this topic, or the log was made anew.
 * - `LF_GENERATION_OLD`: written for a generation that the log has left, after the next one had begun (a split brain).
 */
export class RecordOutOfPlace extends LeftfoldError {
  readonly code: 'LF_GAP' | 'LF_RETENTION_PASSED' | 'LF_AHEAD_OF_LOG' | 'LF_OTHER_LOG' | 'LF_GENERATION_OLD';
  readonly retryable = false as const;
  readonly place: RecordPlace | 'start';
  readonly stamp: RecordStamp;

  constructor(code: RecordOutOfPlace['code'], message: string, place: RecordPlace | 'start', stamp: RecordStamp) {
    super(message);
    this.code = code;
    this.place = place;
    this.stamp = stamp;
  }
}

const SEEN: Recognition = { kind: 'seen' };

/**
 * Recognises a record by one number per partition. Pure. A relay that sends again gives the same numbers to the same records, also after a crash
 * and from two owners at once (hazards R3, R4, R14), so at or below is seen, one more is next, and anything else is a fault; offsets, which a deleted
 * and recreated topic begins anew, are not asked (hazard C11b).
 */
export function recognise(place: RecordPlace | 'start', stamp: RecordStamp): Recognition {
  const { log, generation, began, sequence } = stamp;
  const fault = (code: RecordOutOfPlace['code'], message: string): Recognition => ({
    kind: 'fault',
    fault: new RecordOutOfPlace(code, message, place, stamp),
  });
  if (place === 'start') {
    return sequence === 1
      ? { kind: 'next', place: { log, generation, sequence } }
      : fault(
          'LF_RETENTION_PASSED',
          `the first record of this partition has the number ${sequence}: the topic keeps no longer what came before; build this model from the log`,
        );
  }
  if (log !== place.log) {
    return fault(
      'LF_OTHER_LOG',
      `a record of the log ${log} came where the log ${place.log} was followed; let each log write to topics of its own, and start a new version of this follower for a new log`,
    );
  }
  if (generation < place.generation) {
    return sequence <= place.sequence
      ? SEEN
      : fault(
          'LF_GENERATION_OLD',
          `record ${sequence} belongs to generation ${generation} of the log, which went on with generation ${place.generation}; stop the relay of the old primary`,
        );
  }
  if (generation > place.generation && place.sequence >= began) {
    return fault(
      'LF_AHEAD_OF_LOG',
      `the log's generation ${generation} began here at ${began}, but record ${place.sequence} of generation ${place.generation} was applied: it was lost in a fail-over; start a new version of this follower`,
    );
  }
  if (sequence <= place.sequence) return SEEN;
  if (sequence === place.sequence + 1) return { kind: 'next', place: { log, generation, sequence } };
  return fault(
    'LF_GAP',
    `record ${place.sequence + 1} is missing, the next is ${sequence}: the topic lost or no longer keeps it; build this model from the log`,
  );
}
