import type { EncodedEvent, Expectation, StreamAppend, StreamRef } from '@leftfold/core';
import { encodedNote, noteStream, renewed } from './bench-aggregate.ts';
import { payloads } from './payloads.ts';
import { SeededRandom } from './seeded-random.ts';

/** What the appends of a case look like. */
export interface AppendShape {
  readonly seed: number;
  readonly payloadBytes: number;
  /** Events of one append. */
  readonly events: number;
}

/** Makes appends of a shape; ids and metadata are new in each, payloads take turns. */
export class AppendMaker {
  readonly #shape: AppendShape;
  readonly #events: readonly EncodedEvent[];
  #next = 0;
  readonly #run: string;

  constructor(shape: AppendShape) {
    this.#shape = shape;
    const random = new SeededRandom(shape.seed);
    this.#events = payloads(random, shape.payloadBytes).map((payload) => encodedNote(payload));
    this.#run = random.letters(8);
  }

  toNewStream(nth: number): StreamAppend {
    return this.to(noteStream(`${this.#run}-${nth}`), 'absent');
  }

  to(stream: StreamRef, expect: Expectation): StreamAppend {
    return { stream, expect, events: Array.from({ length: this.#shape.events }, () => this.event()) };
  }

  event(): EncodedEvent {
    const encoded = this.#events[this.#next++ % this.#events.length];
    if (encoded === undefined) throw new Error('there are no payloads');
    return renewed(encoded);
  }
}
