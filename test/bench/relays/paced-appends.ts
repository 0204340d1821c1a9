import type { StreamAppend } from '@leftfold/core';
import type { Storage } from '@leftfold/subscriptions';
import { AppendMaker, type AppendShape } from '../append-shape.ts';
import { openLoop } from '../open-loop.ts';
import { Supply } from '../supply.ts';
import type { AckTimes } from './ack-times.ts';

/** Appends single events to new streams, and tells when each was committed. Ids of events are those of their records. */
export class PacedAppends {
  readonly #store: Storage['store'];
  readonly #times: AckTimes;
  readonly #supply: Supply<StreamAppend>;

  constructor(store: Storage['store'], times: AckTimes, shape: AppendShape) {
    this.#store = store;
    this.#times = times;
    const maker = new AppendMaker(shape);
    this.#supply = new Supply((nth) => maker.toNewStream(nth));
  }

  async one(): Promise<number> {
    const append = this.#supply.take();
    const { kind } = await this.#store.append([append]);
    if (kind !== 'appended') throw new Error(`an append to a new stream ended as ${kind}`);
    for (const { id } of append.events) this.#times.committed(id);
    return append.events.length;
  }

  /** At a fixed rate, whether or not those before have ended. Resolves when the last one has. */
  async run(perSecond: number, seconds: number): Promise<void> {
    const counted = Math.max(1, Math.round(perSecond * seconds));
    this.#supply.prepare(counted);
    await openLoop(() => this.one(), perSecond, { warm: 0, counted });
  }
}
