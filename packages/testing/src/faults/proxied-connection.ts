import type { Socket } from 'node:net';
import { answerOf, PgFrames, textsOf, type PgAnswer, type PgFrame } from './pg-frames.ts';
import type { CutPlace } from './tcp-proxy.ts';

/** What ends a batch of messages that a client sends together: a simple query, a sync, a flush, a goodbye. */
const BATCH_ENDS = 'QSHX';

/** One client's connection, handed on in whole batches of messages, and cut where a plan says so. */
export class ProxiedConnection {
  /** What the server said of the statement whose connection was cut. */
  readonly answer: Promise<PgAnswer>;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #placeOf: (text: string) => CutPlace | undefined;
  readonly #answered: (answer: PgAnswer) => void;
  readonly #texts = new Map<string, string>();
  #batch: PgFrame[] = [];
  #held: readonly PgFrame[] = [];
  /** Set once a cut has begun: what the server says from then on is not handed on. */
  #unheard: PgFrame[] | undefined;
  #isStarted = false;

  /** @param placeOf where to cut, asked for each statement that a client sends, with its text. */
  constructor(client: Socket, upstream: Socket, placeOf: (text: string) => CutPlace | undefined) {
    const { promise, resolve } = Promise.withResolvers<PgAnswer>();
    [this.answer, this.#answered] = [promise, resolve];
    [this.#client, this.#upstream, this.#placeOf] = [client, upstream, placeOf];
    const [sent, said] = [new PgFrames('client'), new PgFrames('server')];
    client.on('data', (bytes) => {
      for (const frame of sent.push(bytes)) this.#take(frame);
    });
    upstream.on('data', (bytes) => {
      const frames = said.push(bytes);
      if (this.#unheard === undefined) client.write(bytes);
      else this.#hear(this.#unheard, frames);
    });
    // A side that breaks takes the other one with it, but for a server that is to go on alone.
    client.on('close', () => this.#unheard ?? upstream.destroy());
    upstream.on('close', () => {
      client.destroy();
      resolve({});
    });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
  }

  /** Sends on what was held. */
  deliver(): void {
    this.#send(this.#held);
    this.#held = [];
  }

  end(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  #take(frame: PgFrame): void {
    // Before the first statement each message is waited for: start-up and password.
    if (!this.#isStarted && !'PBQ'.includes(frame.type || '-')) {
      this.#upstream.write(frame.bytes);
      return;
    }
    this.#isStarted = true;
    this.#batch.push(frame);
    if (!BATCH_ENDS.includes(frame.type)) return;
    const batch = this.#batch;
    this.#batch = [];
    const text = this.#textOf(batch);
    const place = text === undefined ? undefined : this.#placeOf(text);
    if (place === undefined) this.#send(batch);
    else this.#cut(place, batch);
  }

  #cut(place: CutPlace, batch: readonly PgFrame[]): void {
    if (place === 'before') {
      this.end();
      return;
    }
    this.#unheard = [];
    if (place === 'held') this.#held = batch;
    else this.#send(batch);
    if (place !== 'after') this.#client.destroy();
  }

  /** Listens to a server alone, up to its being ready for the next statement. */
  #hear(unheard: PgFrame[], frames: readonly PgFrame[]): void {
    unheard.push(...frames);
    if (frames.every(({ type }) => type !== 'Z')) return;
    this.#answered(answerOf(unheard));
    this.end();
  }

  #send(batch: readonly PgFrame[]): void {
    this.#upstream.write(Buffer.concat(batch.map(({ bytes }) => bytes)));
  }

  /** The text of the statement in a batch. One that was prepared before comes by its name only. */
  #textOf(batch: readonly PgFrame[]): string | undefined {
    for (const { type, body } of batch) {
      if (type === 'Q') return textsOf(body, 1)[0];
      if (type === 'P') {
        const [name = '', text = ''] = textsOf(body, 2);
        this.#texts.set(name, text);
      }
      if (type === 'B') return this.#texts.get(textsOf(body, 2)[1] ?? '');
    }
    return undefined;
  }
}
