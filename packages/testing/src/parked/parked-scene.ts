import { uuidV7 } from '@leftfold/core';
import type { Envelope, EventId, LogPosition, StreamId, StreamVersion } from '@leftfold/core';
import type {
  Claim,
  Cursor,
  KeptRecord,
  Lane,
  ModelTransaction,
  NewParked,
  ParkedCause,
  ParkedEvent,
  ParkedHead,
  ParkedKey,
  ParkedPlace,
  ParkedRequest,
  ParkedWriter,
} from '@leftfold/subscriptions';
import { newFollower } from '../checkpoints/new-follower.ts';
import type { ParkedHarness } from './parked-conformance.ts';

/** Opens the storage under test. */
export type OpenParked = () => Promise<ParkedHarness>;

export const CAUSE: ParkedCause = {
  code: 'LF_FOLD_FAILED',
  text: 'it threw "é🙂"',
  stack: 'Error: it threw\n    at fold',
};
export const OTHER_CAUSE: ParkedCause = { code: 'TypeError', text: 'x is undefined' };

/** A lane of its own, owned, and what is parked in it. */
export class ParkedScene {
  readonly harness: ParkedHarness;
  readonly follower: ReturnType<typeof newFollower> = newFollower();
  readonly lane: Lane;
  claim!: Claim;
  #step = 0;

  private constructor(harness: ParkedHarness, lane: Lane) {
    this.harness = harness;
    this.lane = lane;
  }

  static async open(open: OpenParked, lane = `lane ${uuidV7()}`): Promise<ParkedScene> {
    const scene = new ParkedScene(await open(), lane as Lane);
    await scene.take();
    return scene;
  }
  /** Another lane of the same follower and storage. */
  async beside(lane: string): Promise<ParkedScene> {
    const scene = new ParkedScene(this.harness, lane as Lane);
    Object.assign(scene, { follower: this.follower });
    await scene.take();
    return scene;
  }

  /** Claims the lane anew, and answers the claim of before. */
  async take(): Promise<Claim> {
    const before = this.claim;
    const options = { owner: 'owner', leaseMs: 60_000, respectLease: false };
    const claim = await this.harness.checkpoints.claim(this.follower, this.lane, options);
    if (claim === undefined) throw new Error('without respectLease a claim is never refused');
    this.claim = claim;
    return before;
  }
  /** A transaction of the owner's, from where the last one that was committed had ended. */
  async transaction<T>(
    work: (parked: ParkedWriter, tx: ModelTransaction) => Promise<T>,
    claim: Claim = this.claim,
  ): Promise<T> {
    const place = (step: number): Cursor | 'start' => (step === 0 ? 'start' : (`step ${step}` as Cursor));
    const move = { from: place(this.#step), to: place(this.#step + 1) as Cursor };
    const result = await this.harness.readModels.transaction(claim, move, (tx) => work(tx.parked, tx));
    this.#step += 1;
    return result;
  }

  key(name: string, tenant = ''): ParkedKey {
    return { tenant, key: `stream/c-${name}` };
  }
  at(key: ParkedKey): ParkedPlace {
    return { follower: this.follower, lane: this.lane, ...key };
  }
  /** An event of the stream that the key is named after. */
  event(key: ParkedKey, n: number, differently: Partial<NewParked> = {}): NewParked {
    const envelope = envelopeOf(key, n);
    return { ...key, envelope, kept: { envelope, raw: null }, ...(n === 1 && { cause: CAUSE }), ...differently };
  }
  /** Parks versions of a key's stream. */
  async park(key: ParkedKey, ...versions: readonly number[]): Promise<void> {
    await this.transaction((parked) => parked.park(versions.map((n) => this.event(key, n))));
  }
  events(key: ParkedKey): Promise<readonly ParkedEvent[]> {
    return this.harness.parked.events(this.at(key), { limit: 10_000 });
  }
  /** Versions of what is kept of a key, in its order; `3?` where it has not come yet. */
  async versions(key: ParkedKey): Promise<readonly string[]> {
    return (await this.events(key)).map(({ envelope, kept }) => `${envelope.streamVersion}${kept === null ? '?' : ''}`);
  }
  async head(key: ParkedKey): Promise<ParkedHead | undefined> {
    const heads = await this.harness.parked.list({ follower: this.follower, limit: 10_000 });
    return heads.find((head) => head.lane === this.lane && head.tenant === key.tenant && head.key === key.key);
  }
  /** Asks, and answers the request as the owner finds it. */
  async ask(key: ParkedKey, kind: 'retry' | 'discard' = 'retry'): Promise<ParkedRequest> {
    const reason = kind === 'discard' ? 'no use' : undefined;
    await this.harness.parked.request(this.at(key), { kind, by: 'ops', ...(reason && { reason }) });
    const open = await this.request(key);
    if (open === undefined) throw new Error('a request that was taken is found');
    return open;
  }
  async request(key: ParkedKey): Promise<ParkedRequest | undefined> {
    const open = await this.harness.parked.requested(this.claim, { limit: 10_000 });
    return open.find((one) => one.tenant === key.tenant && one.key === key.key)?.request;
  }
}

/** The envelope of one event, awkward as one may be. */
export const envelopeOf = ({ key, tenant }: ParkedKey, n: number): Envelope => ({
  id: uuidV7() as EventId,
  type: 'c.happened',
  version: 2,
  tenant,
  stream: key.slice('stream/'.length) as StreamId,
  category: 'c',
  key: key.slice('stream/c-'.length),
  streamVersion: BigInt(n) as StreamVersion,
  position: 9_007_199_254_740_993n as LogPosition,
  recordedAt: new Date('2026-01-02T03:04:05.678Z'),
  metadata: {
    correlationId: 'cö-1',
    effectiveAt: new Date('2025-12-31T00:00:00.001Z'),
    ...(tenant !== '' && { tenant }),
    headers: { 'x-é': 'ü "quoted" 🙂' },
  },
});
/** As a topic's record is kept, bytes and all. */
export const keptOf = (
  envelope: Envelope,
  value: Uint8Array | null = new Uint8Array([0, 255, 10, 34]),
): KeptRecord => ({
  envelope,
  raw: { key: 'c-a', value, headers: { lf: '2;a=b', 'x-é': '🙂' }, place: 'c/3 at offset 17' },
});
