import { uuidV7 } from '@leftfold/core';
import type { EventId, LogPosition, StreamId, StreamVersion } from '@leftfold/core';
import type {
  Claim,
  Lane,
  WithheldCause,
  WithheldEvent,
  WithheldKey,
  WithheldRequest,
  Withholding,
} from '@leftfold/subscriptions';
import { newFollower } from '../checkpoints/new-follower.ts';
import type { WithheldHarness } from './withheld-conformance.ts';

/** Opens the storage under test. */
export type OpenWithheld = () => Promise<WithheldHarness>;

export const REFUSED: WithheldCause = {
  code: 'LF_RECORD_REFUSED',
  text: 'MESSAGE_TOO_LARGE "é🙂"',
  bytes: 3_000_000_000,
};
export const BEHIND: WithheldCause = { code: 'LF_EARLIER_WITHHELD', text: 'an earlier one' };
export const REDRIVE: WithheldRequest = { kind: 'redrive', by: 'ops', at: new Date('2026-01-02T03:04:05.678Z') };
export const version = (n: number): StreamVersion => BigInt(n) as StreamVersion;

/** A lane of its own, owned, and what is withheld in it. */
export class WithheldScene {
  readonly harness: WithheldHarness;
  readonly lane: Lane = `lane ${uuidV7()}` as Lane;
  readonly topic: string = `topic ${uuidV7()}`;
  readonly #follower = newFollower();
  claim!: Claim;

  private constructor(harness: WithheldHarness) {
    this.harness = harness;
  }

  static async open(open: OpenWithheld): Promise<WithheldScene> {
    const scene = new WithheldScene(await open());
    await scene.take();
    return scene;
  }

  /** Claims the lane anew, and answers the claim of before. */
  async take(): Promise<Claim> {
    const before = this.claim;
    const options = { owner: 'owner', leaseMs: 60_000, respectLease: false };
    const claim = await this.harness.checkpoints.claim(this.#follower, this.lane, options);
    if (claim === undefined) throw new Error('without respectLease a claim is never refused');
    this.claim = claim;
    return before;
  }

  key(stream: string, tenant = ''): WithheldKey {
    return { topic: this.topic, tenant, stream: `c-${stream}` as StreamId };
  }
  event(
    key: WithheldKey,
    n: number,
    sequence: number = n,
    cause: WithheldCause = n === 1 ? REFUSED : BEHIND,
  ): Withholding {
    return {
      ...key,
      category: 'c',
      streamVersion: version(n),
      partition: 3,
      eventId: uuidV7() as EventId,
      type: 'c.happened',
      position: 9_007_199_254_740_993n as LogPosition,
      sequence,
      cause,
    };
  }
  /** Withholds versions of a key, under their own numbers. */
  async withhold(key: WithheldKey, ...versions: readonly number[]): Promise<readonly Withholding[]> {
    const events = versions.map((n) => this.event(key, n));
    await this.harness.withheld.withhold(this.claim, events);
    return events;
  }
  events(key: WithheldKey): Promise<readonly WithheldEvent[]> {
    return this.harness.withheld.events(key, { limit: 10_000 });
  }
  /** `1 withheld`, and so on. */
  async states(key: WithheldKey): Promise<readonly string[]> {
    return (await this.events(key)).map(({ streamVersion, state }) => `${streamVersion} ${state}`);
  }
}
