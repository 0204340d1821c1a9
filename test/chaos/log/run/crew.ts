import { RELAY } from '@leftfold/subscriptions';
import type { SeededRandom } from '@leftfold/testing';
import type { ReaderStart } from '../read/reader-main.ts';
import type { WriterStart } from '../write/writer-main.ts';
import type { Cluster } from './cluster.ts';
import { Member } from '../../processes/member.ts';

const WRITER = new URL('../write/writer-main.ts', import.meta.url);
const READER = new URL('../read/reader-main.ts', import.meta.url);

/** What the processes are that read; the last ones' places lie in the cluster. */
export const READERS: readonly Omit<ReaderStart, 'name' | 'folder' | 'seed' | 'url'>[] = [
  { kind: 'file', reader: 'file-small', batchSize: 3 },
  { kind: 'file', reader: 'file-lanes', batchSize: 20, lanes: 4 },
  { kind: 'file', reader: 'file-some', batchSize: 5, categories: ['chaos.reaction'] },
  { kind: 'table', reader: 'table', batchSize: 20 },
  { kind: 'relay', reader: 'relay', batchSize: 7 },
];

/** The processes of a run. */
export class Crew {
  readonly writers: readonly Member[];
  readonly readers: readonly Member[];
  readonly #cluster: Cluster;

  constructor(
    cluster: Cluster,
    {
      folder,
      random,
      writerUrl,
    }: { readonly folder: string; readonly random: SeededRandom; readonly writerUrl: string },
  ) {
    this.#cluster = cluster;
    const seedOf = (life: number, seed: number): number => (seed + life * 7_919) % 2 ** 31;
    this.writers = ['writer-1', 'writer-2'].map((name) => {
      const seed = random.below(2 ** 31);
      return new Member(name, WRITER, (process, life): WriterStart => ({
        name: process,
        folder,
        seed: seedOf(life, seed),
        url: writerUrl,
        elsewhere: cluster.elsewhere,
        writers: 8,
        connections: 4,
      }));
    });
    this.readers = READERS.map((reader) => {
      const seed = random.below(2 ** 31);
      const startOf = (name: string, life: number): ReaderStart => ({
        ...reader,
        name,
        folder,
        seed: seedOf(life, seed),
        url: cluster.url,
      });
      return new Member(reader.reader, READER, startOf);
    });
  }

  get all(): readonly Member[] {
    return [...this.writers, ...this.readers];
  }
  /** Those whose places lie outside the cluster, and that get every event. */
  get outside(): readonly Member[] {
    const names = READERS.flatMap(({ kind, reader, categories }) =>
      kind === 'file' && categories === undefined ? [reader] : [],
    );
    return this.readers.filter(({ name }) => names.includes(name));
  }
  /** Those that answer what they read with events of their own. */
  get appending(): readonly Member[] {
    const names = READERS.flatMap(({ kind, reader }) => (kind === 'table' ? [reader] : []));
    return this.readers.filter(({ name }) => names.includes(name));
  }
  get calls(): number {
    return this.writers.reduce((sum, { calls }) => sum + calls, 0);
  }
  /** Whether one has ended without being told to. */
  get hasFailed(): boolean {
    return this.all.some(({ hasFailed }) => hasFailed);
  }
  member(name: string): Member {
    const member = this.all.find((one) => one.name === name);
    if (member === undefined) throw new RangeError(`nobody is called ${name}`);
    return member;
  }

  /** Whether a reader has got everything up to the head that its log has now. */
  async untilEnd(reader: Member): Promise<() => Promise<boolean>> {
    const { lanes = 1, kind } = READERS.find((one) => one.reader === reader.name) ?? {};
    const { log, checkpoints } = this.#cluster.storageOf({ lanes });
    const heads = await log.head();
    if (kind === 'relay')
      return async () => {
        const saved = new Map((await checkpoints.list(RELAY)).map(({ lane, cursor }) => [lane, cursor]));
        // Not whether the places have passed the head: one that nothing stands after is not saved anew.
        const behind = await log.behind(new Map([...heads.keys()].map((lane) => [lane, saved.get(lane) ?? 'start'])));
        return [...behind.values()].every(({ events, isMore }) => events === 0 && !isMore);
      };
    return async () => [...heads].every(([lane, head]) => log.hasPassed(reader.places.get(lane) ?? 'start', head));
  }
}
