import type { Reader, SourceRecord } from '@leftfold/subscriptions';
import { AGAIN, fullJitter } from '@leftfold/subscriptions';
import { setTimeout as timer } from 'node:timers/promises';
import { asBrokerError } from '../broker-fault.ts';
import { cursorOffset } from '../cursor.ts';
import { groupOf } from '../group-name.ts';
import { LaneRun } from '../lane-run.ts';
import { LazyCommits } from '../lazy-commits.ts';
import { namedLanes } from '../named-lanes.ts';
import { topicLane } from '../topic-lane.ts';
import { TopicSource } from '../topic-source.ts';
import { FetchClient } from './fetch-client.ts';
import { FetchLoop } from './fetch-loop.ts';

/** The last word to Kafka, before it is let go. */
const LAST_WORDS_MS = 2_000;

/**
 * The declared topics, one lane a partition, fetched directly: no consumer group, no rebalance. Who has a lane is decided by the checkpoints' leases; each
 * reader asks for all. Places are exact, and a topic that was made anew is known by its id.
 */
export class PlatformaticSource extends TopicSource {
  readonly ownership = 'leased' as const;

  async run(reader: Reader<SourceRecord>, signal: AbortSignal): Promise<void> {
    const lanes = namedLanes(this.topics.declared, reader);
    if (lanes.length === 0 || !(await this.#isChecked(reader, signal))) return;
    const group = groupOf(this.options.clientId, reader);
    const clients = {
      waiting: await FetchClient.open(this.options, group),
      beside: await FetchClient.open(this.options, group),
    };
    const loop = new FetchLoop(clients, () => this.counts.fetched());
    const commits = new LazyCommits(
      (offsets) => clients.beside.commit(offsets),
      (error) => this.counts.commitFailed(error),
    );
    const tells = this.tells(reader);
    const runs = lanes.map((at) => {
      const feed = loop.lane(at, () => {
        const end = reader.until?.get(topicLane(at.topic, at.partition));
        return end === undefined ? undefined : cursorOffset(end);
      });
      const setting = {
        ...this.reading(reader),
        ...(tells && { onHandled: commits.handled.bind(commits) }),
      };
      return new LaneRun(at, setting, feed);
    });
    const close = (): void => {
      for (const run of runs) run.close();
    };
    const aborted = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
    void aborted.then(close);
    try {
      // A lane that has stopped for good, before its end, keeps the run from ending by itself.
      await Promise.all(runs.map(async (run) => (await run.run()) || aborted));
    } finally {
      loop.end();
      if (tells) await Promise.race([commits.tell(), timer(LAST_WORDS_MS, undefined, { ref: false })]);
      for (const client of Object.values(clients)) client.release();
    }
  }

  /** The check at start, until it holds or the signal aborts; then false. @throws what cannot heal */
  async #isChecked(reader: Reader<SourceRecord>, signal: AbortSignal): Promise<boolean> {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await this.topics.check();
        if (attempt > 1) reader.recovered?.(undefined);
        return !signal.aborted;
      } catch (error) {
        if (signal.aborted) return false;
        const fault = asBrokerError(`reading as ${reader.name}`, error);
        const retryMs = fullJitter(attempt, AGAIN);
        reader.faulted(undefined, fault, fault.retryable ? retryMs : null);
        if (!fault.retryable) throw fault;
        await timer(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
    return false;
  }
}
