/** What a source has seen since its process began, for people and metrics. */
export class SourceCounts {
  #resent = 0;
  #strays = 0;
  #fetches = 0;
  #commitFaults = 0;
  #commitFault: unknown;

  /** Records dropped, because their numbers told that they were sent twice. */
  get resent(): number {
    return this.#resent;
  }
  /** Batches dropped, because the client had fetched them from a place that nobody had asked for. */
  get strays(): number {
    return this.#strays;
  }
  /** Requests for records. Counted where they are ours: kafkajs sends its own. */
  get fetches(): number {
    return this.#fetches;
  }
  /** How often Kafka could not be told how far a reader has come; nothing rests on that but tools that show lag. */
  get commitFaults(): number {
    return this.#commitFaults;
  }
  /** The last of these. */
  get commitFault(): unknown {
    return this.#commitFault;
  }

  seen(count: number): void {
    this.#resent += count;
  }
  stray(): void {
    this.#strays += 1;
  }
  fetched(): void {
    this.#fetches += 1;
  }
  commitFailed(error: unknown): void {
    this.#commitFaults += 1;
    this.#commitFault = error;
  }
}
