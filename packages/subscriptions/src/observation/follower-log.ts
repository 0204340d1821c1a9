import type { FollowerChange } from './follower-change.ts';
import { faultText } from './fault-text.ts';
import type { LogFields, Logger } from './logger.ts';
import { RateLimit } from './rate-limit.ts';
import type { Lane } from '../source.ts';
import type { FollowerStatus, LaneFault, LaneStatus } from '../following/status.ts';

/** The same trouble of the same lane is said once in this time. */
const SAY_AGAIN_MS = 60_000;

/**
 * Says in the log what happens to a follower, so that a lane that stops does not stop in silence. The first failure of a kind is said at once, then once a minute with the
 * number of those left out; the end of what was said is always said, too, so the last line of a lane is how it is. The same again within the minute is
 * left out with its end, or a lane that comes and goes would fill the disk.
 */
export class FollowerLog {
  readonly #logger: Logger;
  readonly #name: string;
  readonly #fields: LogFields;
  readonly #limit: RateLimit;
  /** Whose trouble was said, and not its end. */
  readonly #told = new Set<Lane>();
  #source: { isTold: boolean; failures: number } | undefined;

  constructor(
    logger: Logger,
    { name, version, source }: Pick<FollowerStatus, 'name' | 'version' | 'source'>,
    now?: () => number,
  ) {
    this.#logger = logger;
    this.#name = `${name} version ${version}`;
    this.#fields = { follower: name, version };
    this.#limit = new RateLimit(SAY_AGAIN_MS, now);
    logger.info(`${this.#name} follows ${source}`, { ...this.#fields, source });
  }

  on(change: FollowerChange): void {
    switch (change.kind) {
      case 'batch':
        return;
      case 'lane':
        return this.#lane(change.lane, change.status, change.before);
      case 'withholding':
        return this.#withholding(change.lane, change.keys, change.before);
      case 'parking':
        return this.#parking(change.lane, change.keys, change.before);
      case 'forgotten':
        return void this.#told.delete(change.lane);
      case 'claimed':
      case 'given-back':
      case 'lost':
        return this.#moved(change.lane, change.kind);
      case 'source':
        return this.#ofSource(change.fault);
      case 'ended':
        return this.#ended(change.fault);
    }
  }

  #lane(lane: Lane, status: LaneStatus, before: LaneStatus | undefined): void {
    const { state, fault, trouble } = status;
    if (fault !== undefined) {
      // What stands still is said, whatever was said before: nothing will be said after it.
      const suppressed = this.#limit.pass(`${lane} ${state} ${fault.code}`) ?? (state === 'stopped' ? 0 : undefined);
      if (suppressed === undefined) return;
      this.#told.add(lane);
      const line = `${this.#name}, lane ${lane} is ${state}: ${textOf(fault)}`;
      const fields = {
        ...this.#fields,
        lane,
        state,
        ...fieldsOf(fault),
        failures: trouble?.failures ?? 0,
        ...(suppressed > 0 && { suppressed }),
      };
      return state === 'stopped' ? this.#logger.error(line, fields) : this.#logger.warn(line, fields);
    }
    if (!this.#told.delete(lane) || before?.trouble === undefined) return;
    const { since, failures } = before.trouble;
    const ms = Date.now() - since.getTime();
    const how = state === 'following' ? 'follows again' : 'belongs to another owner now';
    this.#logger.info(`${this.#name}, lane ${lane} ${how} after ${failures} failed attempts and ${ms} ms`, {
      ...this.#fields,
      lane,
      state,
      failures,
      ms,
    });
  }

  #moved(lane: Lane, move: 'claimed' | 'given-back' | 'lost'): void {
    const fields = { ...this.#fields, lane, move };
    const line = `${this.#name}, lane ${lane} ${move === 'given-back' ? 'was given back' : `was ${move}`}`;
    // A lane that waits for newer code is given back and claimed at each look.
    if (this.#told.has(lane)) this.#logger.debug(line, fields);
    else this.#logger.info(line, fields);
  }

  #withholding(lane: Lane, keys: number, before: number): void {
    const fields = { ...this.#fields, lane, withheldKeys: keys };
    if (keys === 0) {
      // Said whatever was left out: it is how things are from now on.
      this.#logger.info(`${this.#name}, lane ${lane} withholds nothing any more`, fields);
    } else if (keys > before) {
      const suppressed = this.#limit.pass(`${lane} withholds`);
      if (suppressed === undefined) return;
      this.#logger.warn(
        `${this.#name}, lane ${lane} withholds ${keys} keys, since the broker refused a record: list them, then redrive or give up`,
        { ...fields, ...(suppressed > 0 && { suppressed }) },
      );
    }
  }

  #parking(lane: Lane, keys: number, before: number): void {
    const fields = { ...this.#fields, lane, parkedKeys: keys };
    if (keys === 0) {
      // Said whatever was left out: it is how things are from now on.
      this.#logger.info(`${this.#name}, lane ${lane} has nothing parked any more`, fields);
    } else if (keys > before) {
      const suppressed = this.#limit.pass(`${lane} parks`);
      if (suppressed === undefined) return;
      this.#logger.warn(
        `${this.#name}, lane ${lane} has ${keys} parked keys, whose events cannot be applied; all others go on: list them, mend the cause, then retry, edit or discard`,
        { ...fields, ...(suppressed > 0 && { suppressed }) },
      );
    }
  }

  #ofSource(fault: LaneFault | undefined): void {
    const before = this.#source;
    if (fault === undefined) {
      this.#source = undefined;
      if (before?.isTold === true)
        this.#logger.info(`${this.#name}: its source reads again after ${before.failures} faults`, {
          ...this.#fields,
          failures: before.failures,
        });
      return;
    }
    const failures = (before?.failures ?? 0) + 1;
    const suppressed = this.#limit.pass(`source ${fault.code}`);
    this.#source = { isTold: before?.isTold === true || suppressed !== undefined, failures };
    if (suppressed === undefined) return;
    this.#logger.warn(`${this.#name}: its source cannot read: ${textOf(fault)}`, {
      ...this.#fields,
      ...fieldsOf(fault),
      failures,
      ...(suppressed > 0 && { suppressed }),
    });
  }

  #ended(fault: LaneFault | undefined): void {
    // Told before its lanes are given back, which may take as long as a server takes.
    if (fault === undefined) return this.#logger.info(`${this.#name} stops, and gives its lanes back`, this.#fields);
    this.#logger.error(`${this.#name} has ended and will not begin again by itself: ${textOf(fault)}`, {
      ...this.#fields,
      ...fieldsOf(fault),
    });
  }
}

function fieldsOf({ code, event }: LaneFault): LogFields {
  if (event === undefined) return { code };
  const { id, type, stream, streamVersion } = event;
  return { code, eventId: id, eventType: type, stream, streamVersion: String(streamVersion) };
}

/** A fault in one line. */
const textOf = (fault: LaneFault): string =>
  faultText(fault) === fault.message ? `${fault.code} ${fault.message}` : `${fault.code}; ${faultText(fault)}`;
