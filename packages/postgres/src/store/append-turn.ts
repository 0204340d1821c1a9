import type { AppendOutcome } from '@leftfold/core';
import type { InLine } from './append-lines.ts';
import type { AppendCall } from './appends.ts';

/** An append of one stream, from its call to its outcome. */
export class AppendTurn implements InLine {
  readonly call: AppendCall;
  readonly outcome: Promise<AppendOutcome>;
  /** Rises from call to call: who came first. */
  readonly number: number;
  /** That of its stream, and that of its reply. */
  readonly lines: readonly string[];
  readonly events: number;
  /** Of payloads and of the reply, as characters: an answer may be larger than what it answers. */
  readonly bytes: number;
  readonly resolve: (outcome: AppendOutcome) => void;
  readonly reject: (error: unknown) => void;
  /** Counted among those that wait. */
  isWaiting = false;
  /** It was in a group that could not take it, so it goes alone. */
  wasReturned = false;
  /** The fault, if it was lost around the commit of a group. */
  lost: unknown;
  /** Listens to the caller's signal, while it waits. */
  abort: (() => void) | undefined;

  constructor(call: AppendCall, number: number) {
    this.call = call;
    this.number = number;
    this.lines = linesOf(call);
    let [events, bytes] = [0, call.reply?.reply.length ?? 0];
    for (const append of call.written) {
      events += append.events.length;
      for (const { payload } of append.events) bytes += payload.length;
    }
    this.events = events;
    this.bytes = bytes;
    const { promise, resolve, reject } = Promise.withResolvers<AppendOutcome>();
    this.outcome = promise;
    this.resolve = resolve;
    this.reject = reject;
  }

  /**
   * Whether it may share even a stream with the first in its line, and with others that may: then the events of all of them are written as if they were one
   * append, and each version follows from the one before. So it must expect no version, and be known to none but its stream: a stored reply names the version
   * of its own append.
   */
  canFollow(first: AppendTurn): boolean {
    const [mine, theirs] = [this.call.written[0], first.call.written[0]];
    const isFree = mine?.expect === 'any' || mine?.expect === 'present';
    const arePlain = this.lines.length === 1 && first.lines.length === 1 && !this.wasReturned && !first.wasReturned;
    return isFree && arePlain && this.isWaiting && mine.stream.category === theirs?.stream.category;
  }
}

/** A tenant holds no `/`. */
function linesOf({ written, reply }: AppendCall): readonly string[] {
  const streams = written.map(({ stream }) => `stream ${stream.tenant}/${stream.id}`);
  return reply === undefined ? streams : [...streams, `reply ${reply.tenant}/${reply.key}`];
}
