import { setImmediate } from 'node:timers/promises';
import { decodePayload, InputInvalid } from '@leftfold/core';
import type { StoredEvent } from '@leftfold/core';
import { RecordUndecodable } from '@leftfold/subscriptions';
import type { Batch, Cursor, Lane, Log, LogIdentity, LogRecord, Reader } from '@leftfold/subscriptions';
import { isolated } from './isolated.ts';
import type { RecordedEvents } from './recorded-events.ts';
import { untilAborted } from './until-aborted.ts';

const LANE = '0' as Lane;
const BATCH = 500;

/** A place in the log. `pinned` names the end of a page as well, so that reading it again gives the same one. */
interface Place {
  /** Whose place it is; the start is everybody's. */
  readonly log?: string;
  readonly position: number;
  readonly pinned?: number;
}

/**
 * The log of one memory as a source with one lane, `0`. A cursor is `m1/<log id>/<position>`, where a page is pinned `m1/<log id>/<position>..<end>`:
 * commit order is append order here, so a position says what was seen. Follows by being woken; no timer runs.
 */
export class MemoryLog implements Log {
  readonly name = 'log';
  readonly ownership = 'leased' as const;
  readonly #recorded: RecordedEvents;

  constructor(recorded: RecordedEvents) {
    this.#recorded = recorded;
  }

  async identity(): Promise<LogIdentity> {
    return { id: this.#recorded.id, generation: 1 };
  }

  async head(): Promise<ReadonlyMap<Lane, Cursor>> {
    return new Map([[LANE, this.#cursor({ position: this.#recorded.end })]]);
  }

  hasPassed(cursor: Cursor | 'start', head: Cursor): boolean {
    const [place, end] = [parse(cursor), parse(head)];
    return (place.log ?? end.log) === end.log && place.position >= end.position;
  }

  async run(reader: Reader<LogRecord>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const from = await reader.from(LANE, signal);
        const fault = this.#faultOf(from);
        if (fault) {
          reader.faulted(LANE, fault, null);
          return await untilAborted(signal);
        }
        await this.#follow(from, reader, signal);
      } catch {
        // The reader's own, and told by it: it is asked again for its place. But one that rejects at once, for ever, must not starve its process.
        await setImmediate();
      }
    }
  }

  /** Hands over batch by batch until the reader rejects one or the signal aborts. */
  async #follow(start: Cursor | 'start', reader: Reader<LogRecord>, signal: AbortSignal): Promise<void> {
    for (let from = start; ;) {
      const { position, pinned } = this.#place(from);
      await this.#recorded.beyond(position, signal);
      if (signal.aborted) return;
      const end = pinned ?? Math.min(position + BATCH, this.#recorded.end);
      const batch: Batch<LogRecord> = {
        lane: LANE,
        records: this.#recorded.between(position, end).map(recordOf),
        from,
        at: this.#cursor({ position, pinned: end }),
        to: this.#cursor({ position: end }),
      };
      await reader.handle(batch, signal);
      from = batch.to;
    }
  }

  #cursor({ position, pinned }: Omit<Place, 'log'>): Cursor {
    return `m1/${this.#recorded.id}/${position}${pinned === undefined ? '' : `..${pinned}`}` as Cursor;
  }
  /** @throws {@link InputInvalid} `LF_CURSOR_INVALID`, `LF_OTHER_LOG`, `LF_AHEAD_OF_LOG` */
  #place(cursor: Cursor | 'start'): Place {
    const place = parse(cursor);
    const { id, end } = this.#recorded;
    if (place.log !== undefined && place.log !== id)
      throw invalid('LF_OTHER_LOG', cursor, `belongs to another log than ${id}`);
    if ((place.pinned ?? place.position) > end)
      throw invalid('LF_AHEAD_OF_LOG', cursor, `lies beyond the end of its log, ${end}`);
    return place;
  }
  #faultOf(cursor: Cursor | 'start'): unknown {
    try {
      this.#place(cursor);
      return undefined;
    } catch (fault) {
      return fault;
    }
  }
}

/** @throws {@link InputInvalid} `LF_CURSOR_INVALID` */
function parse(cursor: Cursor | 'start'): Place {
  if (cursor === 'start') return { position: 0 };
  const [, log, from, to] = /^m1\/([^/]+)\/(\d+)(?:\.\.(\d+))?$/.exec(cursor) ?? [];
  if (log === undefined) throw invalid('LF_CURSOR_INVALID', cursor, 'is none of a log in memory');
  return { log, position: Number(from), ...(to !== undefined && { pinned: Number(to) }) };
}

const invalid = (code: `LF_${string}`, cursor: string, why: string): InputInvalid =>
  new InputInvalid(code, `the cursor '${cursor}' ${why}; start a new version of this follower`);

function recordOf(event: StoredEvent): LogRecord {
  return {
    ...isolated(event),
    decode: (reader) => {
      const decoded = decodePayload(reader, event.payload);
      if ('value' in decoded) return decoded.value;
      const [issue] = decoded.issues;
      throw new RecordUndecodable(`${event.type} of ${event.stream}, '${issue?.path.join('.')}': ${issue?.message}`);
    },
  };
}
