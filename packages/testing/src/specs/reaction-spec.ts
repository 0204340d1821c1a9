import type { AnyEventType, NewEvent } from '@leftfold/core';
import type { AnyReaction, Reaction } from '@leftfold/subscriptions';
import { expectEqual, fail } from './expect-equal.ts';
import type { AnyVersionOf } from './given-event.ts';
import { nameOfParked } from './projection-outcomes.ts';
import { runReaction } from './reaction-run.ts';
import type { ReactionOutcome, SeenEffect } from './reaction-run.ts';
import { specRecords } from './spec-records.ts';
import type { EventsOfStream } from './spec-records.ts';

/** Events, and what a reaction must have done about them. */
export interface ReactionGiven<E extends AnyEventType> {
  /** More events after these. Each belongs to the stream that its field `<entity>Id` names; where it has none, {@link inStream} says it. */
  given(...more: readonly (AnyVersionOf<E> | EventsOfStream<AnyVersionOf<E>>)[]): ReactionGiven<E>;
  /** The process dies once after each event's effect, before that is noted: so each is run once more, under the same key. Whoever does the deed must know it again. */
  crashed(): ReactionGiven<E>;
  /** In the end the reaction is sent back to the first event, as it declares in `replay`. */
  replayed(): ReactionGiven<E>;
  /**
   * Exactly these attempts of effects were made, in this order; of each at least this. Retries follow at once. Nothing may be parked, unless {@link thenParked} was asked before, or its replay collects.
   */
  thenRan(effects: readonly Partial<SeenEffect>[]): ReactionThen<E>;
  /** Streams are parked with this code; with `keys` of streams exactly these. What a replay collected is parked with `LF_REPLAY_COLLECTED`. */
  thenParked(code: string, ...keys: readonly string[]): ReactionThen<E>;
  /** Its lane stops with this code, as its recovery says. */
  thenFault(code: string): Promise<void>;
}
/** A check under way: await it, or return it from the test. It has begun already, so one that is forgotten fails as an unhandled rejection. */
export interface ReactionThen<E extends AnyEventType> extends Promise<void>, ReactionGiven<E> {}

/**
 * Given events, then effects:
 *
 * ```ts
 * await reactionSpec(welcome(mailer)).given(seatTaken(seat)).crashed().thenRan([{ attempt: 1 }, { attempt: 1 }]);
 * expect(new Set(mailer.keys).size).toBe(1);
 * ```
 *
 * Runs the loop that production runs, through stored form and upcasters, on memory, from the first event on, whatever its `from` says; events come one after the other, recorded a second apart from 1970 on. What
 * its effects do is seen where they do it: give it a mailer that keeps what it was sent. Checks of the same given events share one run.
 */
export function reactionSpec<E extends AnyEventType>(reaction: Reaction<string, E>): Pick<ReactionGiven<E>, 'given'> {
  const made: unknown = spec({ reaction, given: [], crashes: false, replays: false });
  return made as Pick<ReactionGiven<E>, 'given'>;
}

interface About {
  readonly reaction: AnyReaction;
  readonly given: readonly (NewEvent | EventsOfStream<NewEvent>)[];
  readonly crashes: boolean;
  readonly replays: boolean;
}

/**
 * @param ran what became of it, where it was run for a check before
 * @param before what has to hold first
 */
function spec(
  about: About,
  ran?: () => Promise<ReactionOutcome>,
  before: Promise<void> = Promise.resolve(),
  mayPark = false,
): ReactionGiven<AnyEventType> {
  const { reaction, given, crashes, replays } = about;
  let outcome: Promise<ReactionOutcome> | undefined;
  const run =
    ran ??
    ((): Promise<ReactionOutcome> =>
      (outcome ??= runReaction(reaction, { records: specRecords(reaction, given), crashes, replays })));
  const check = (holds: (made: ReactionOutcome) => void): Promise<void> => before.then(async () => holds(await run()));
  const chained = (checked: Promise<void>, parks = mayPark): ReactionThen<AnyEventType> =>
    Object.assign(checked, spec(about, run, checked, parks));
  const more = (change: Partial<About>): ReactionGiven<AnyEventType> =>
    spec({ ...about, ...change }, undefined, before);
  return {
    given: (...events) => more({ given: [...given, ...events] }),
    crashed: () => more({ crashes: true }),
    replayed: () => more({ replays: true }),
    thenRan: (effects) =>
      chained(
        check((made) => {
          refuseFault(made);
          const [head] = made.parked.filter(({ cause }) => !mayPark && cause.code !== 'LF_REPLAY_COLLECTED');
          if (head) fail(`it parked ${nameOfParked(head)} with ${head.cause.code}: ${head.cause.text}`);
          const seen = made.seen.map((one, i) => onlyOf(one, effects[i]));
          expectEqual(seen, effects, 'other effects were run');
        }),
      ),
    thenParked: (code, ...keys) =>
      chained(
        check((made) => {
          refuseFault(made);
          const [head] = made.parked;
          if (head === undefined) return fail(`it was to park a stream with ${code}, but parked none`);
          if (!made.parked.some(({ cause }) => cause.code === code))
            expectEqual(head.cause.code, code, `it parked with another code (${head.cause.text})`);
          const names = made.parked.map(nameOfParked).toSorted();
          if (keys.length > 0) expectEqual(names, keys.toSorted(), 'it parked other streams');
        }),
        true,
      ),
    thenFault: (code) =>
      check(({ fault, seen }) => {
        if (fault === undefined)
          return fail(`it was to stop with ${code}, but made ${seen.length} attempts and went on`);
        expectEqual(fault.code, code, `it stopped with another code (${fault.message})`);
      }),
  };
}

function refuseFault({ fault }: ReactionOutcome): void {
  if (fault) fail(`it stopped with ${fault.code}: ${fault.message}`);
}

/** Of what was seen that which is asked; all of it where nothing is expected in its place. */
const onlyOf = (seen: SeenEffect, asked: Partial<SeenEffect> | undefined): object =>
  asked === undefined ? seen : Object.fromEntries(Object.entries(seen).filter(([name]) => Object.hasOwn(asked, name)));
