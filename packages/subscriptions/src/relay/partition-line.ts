import type { PublishRecord } from '../publisher.ts';

/**
 * The records of one partition on their way: stretches, in order, of which only the first may be on its way at a time, so that no record is sent before an earlier one
 * is written (hazard R1). They are named by their places in the batch.
 */
export class PartitionLine {
  /** `topic/partition`. */
  readonly name: string;
  readonly #places: number[] = [];
  /** First and end of each stretch, in `#places`. Until it is halved the line is one. */
  #stretches: (readonly [first: number, end: number])[] | undefined;

  constructor(name: string) {
    this.name = name;
  }

  add(place: number): void {
    this.#places.push(place);
  }

  get isWritten(): boolean {
    return this.#stretches?.length === 0;
  }
  /** What is to be sent now. */
  get next(): readonly number[] {
    return this.#places.slice(...this.#first);
  }
  /** How many are not written. */
  get unwritten(): number {
    return this.#open.reduce((sum, [first, end]) => sum + end - first, 0);
  }
  /** The only one that is to be sent now; undefined when they are several. */
  get alone(): number | undefined {
    const [first, end] = this.#first;
    return end - first === 1 ? this.#places[first] : undefined;
  }

  written(): void {
    this.#stretches = this.#open.slice(1);
  }
  /** What is to be sent now goes in two parts. */
  halve(): void {
    const [first, end] = this.#first;
    const middle = first + ((end - first) >> 1);
    this.#stretches = [[first, middle], [middle, end], ...this.#open.slice(1)];
  }

  get #open(): readonly (readonly [first: number, end: number])[] {
    return this.#stretches ?? [[0, this.#places.length]];
  }
  get #first(): readonly [first: number, end: number] {
    return this.#open[0] as readonly [number, number];
  }
}

/** The records of a batch by partition, each in its order. */
export function partitionLines(records: readonly PublishRecord[]): readonly PartitionLine[] {
  const lines: PartitionLine[] = [];
  const topics = new Map<string, PartitionLine[]>();
  // By numbers, without a name made for each record: all that is sent comes by here.
  for (let place = 0; place < records.length; place++) {
    const { topic, partition } = records[place] as PublishRecord;
    let ofTopic = topics.get(topic);
    if (ofTopic === undefined) topics.set(topic, (ofTopic = []));
    let line = ofTopic[partition];
    if (line === undefined) lines.push((line = ofTopic[partition] = new PartitionLine(`${topic}/${partition}`)));
    line.add(place);
  }
  return lines;
}
