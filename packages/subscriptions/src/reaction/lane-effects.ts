import type { RecordedEvent } from '@leftfold/core';
import { recoveryOf } from '../following/recovery.ts';
import type { OwnedLane } from '../following/owned-lane.ts';
import { readEvent } from '../projection/read-event.ts';
import type { Recover } from '../projection/recovery-policy.ts';
import type { AnyReaction, EffectHandler } from './reaction.ts';
import { streamKey } from './reaction-ledger.ts';
import { atRecord, runEffect } from './run-effect.ts';
import type { SourceRecord } from '../source.ts';
import type { WorkUnderWay } from '../following/status.ts';

/** Effects of different streams under way at once, of one lane. */
const CONCURRENCY = 8;

/** An event whose effect is not run now, but kept. */
export interface PutAside {
  readonly record: SourceRecord;
  /** It came in a replay, and is kept beside what is new of its stream. */
  readonly isReplay?: true;
  /** Of one that failed. The others are kept behind it; or a replay has collected them for a person. */
  readonly cause?: unknown;
  readonly attempts?: number;
}
/** What became of the effects of a batch. */
export interface BatchOutcome {
  /** Set where the batch is not through: a stop, or an event that is newer than the code. With the event it is about. */
  readonly obstacle: unknown;
  readonly putAside: readonly PutAside[];
}

/** What the effects of a batch are run with. */
export interface BatchRun {
  readonly reaction: AnyReaction;
  readonly owned: OwnedLane;
  /** By any of their types' names. */
  readonly handlers: ReadonlyMap<string, EffectHandler>;
  readonly recover: Recover;
  readonly isReplay: (record: SourceRecord) => boolean;
  readonly signal: AbortSignal;
  /** Whether the stream is parked: then its events are put aside. */
  readonly isParked: (record: SourceRecord) => boolean;
  /** Of one that comes in a replay: whether it, or one before it, is kept from a replay. */
  readonly isKept: (record: SourceRecord) => boolean;
  /** The effect of this event is done, and of all before it in its stream. */
  readonly done: (record: SourceRecord) => void;
}

/**
 * Runs the effects of a batch: those of one stream one after the other, several streams side by side, so that one which is tried again holds up its own stream and, at
 * most, the next batch. Resolves when nothing is under way any more.
 * @throws the signal's reason once it aborts; then what was done is told by `done`
 */
export async function runEffects(records: readonly SourceRecord[], run: BatchRun): Promise<BatchOutcome> {
  const streams = [...Map.groupBy(records, streamKey).values()];
  const putAside: PutAside[] = [];
  let obstacle: unknown;
  const work = async (): Promise<void> => {
    for (let stream = streams.shift(); stream !== undefined; stream = streams.shift()) {
      const outcome = await runStream(stream, run);
      putAside.push(...outcome.putAside);
      obstacle ??= outcome.obstacle;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(CONCURRENCY, streams.length) }, work));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return { obstacle, putAside };
}

async function runStream(records: readonly SourceRecord[], run: BatchRun): Promise<BatchOutcome> {
  const replayed: PutAside[] = [];
  for (const [i, record] of records.entries()) {
    const rest = (failure?: Pick<PutAside, 'cause' | 'attempts'>): readonly PutAside[] => [
      ...replayed,
      ...records.slice(i).map((one, n) => ({ record: one, ...(n === 0 && failure) })),
    ];
    run.signal.throwIfAborted();
    const isReplay = run.isReplay(record);
    // What it was withheld for is long settled, and the event comes where it was redriven.
    if (isReplay && isAbsent(record)) continue;
    // Behind those that are there already, so that they are run in order; but what is new does not wait for a second time of what was done before.
    if (isReplay && (run.reaction.replay === 'collect' || replayed.length > 0 || run.isKept(record))) {
      replayed.push({ record, isReplay });
      continue;
    }
    if (!isReplay && (run.isParked(record) || isAbsent(record))) return { obstacle: undefined, putAside: rest() };
    const handler = run.handlers.get(record.type) as EffectHandler;
    const outcome = await runOne(record, handler, run);
    if (outcome.kind === 'park') {
      const failure = { cause: outcome.error, attempts: outcome.attempts };
      if (!isReplay) return { obstacle: undefined, putAside: rest(failure) };
      replayed.push({ record, isReplay, ...failure });
      continue;
    }
    if (outcome.kind !== 'done') return { obstacle: atRecord(record, handler, outcome.error), putAside: replayed };
    // Of what was put aside nothing is kept yet, and this would say that all before it is dealt with.
    if (replayed.length === 0) run.done(record);
  }
  return { obstacle: undefined, putAside: replayed };
}

/** It stands for an event, and is none. */
const isAbsent = ({ mark }: SourceRecord): boolean => mark?.kind === 'withheld' || mark?.kind === 'given-up';

function runOne(record: SourceRecord, handler: EffectHandler, run: BatchRun): ReturnType<typeof runEffect> {
  let event: RecordedEvent;
  try {
    event = readEvent(handler.on, record);
  } catch (error) {
    const recovery = recoveryOf(error);
    if (recovery !== 'stop') return Promise.resolve({ kind: 'wait', error });
    // Reading it again would give the same.
    const { kind } = run.recover.kind === 'retry' ? run.recover.then : run.recover;
    return Promise.resolve({ kind, error, attempts: 1 });
  }
  const { reaction, recover, signal, owned } = run;
  const replaying = run.isReplay(record);
  const troubled = (error: unknown): void => owned.troubled(error);
  const began = (work: WorkUnderWay): (() => void) => owned.began(work);
  return runEffect({ reaction, handler, record, event, replaying, recover, signal, troubled, began });
}
