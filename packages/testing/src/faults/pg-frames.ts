/** One message of the Postgres protocol, with its length and, but for the first of a client, its type. */
export interface PgFrame {
  /** One letter; empty for a client's first message, which has none. */
  readonly type: string;
  readonly bytes: Buffer;
  /** What follows type and length. */
  readonly body: Buffer;
}

/** Cuts one direction of a connection into its messages, however the network cuts it. Source: "Message Formats" of the Postgres manual, protocol 3.0. */
export class PgFrames {
  #rest: Buffer = Buffer.alloc(0);
  #isTyped: boolean;

  /** @param from a client's first message has no type. */
  constructor(from: 'client' | 'server') {
    this.#isTyped = from === 'server';
  }

  /** The messages that are complete with these bytes. */
  push(bytes: Buffer): readonly PgFrame[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const frames: PgFrame[] = [];
    for (;;) {
      const head = this.#isTyped ? 1 : 0;
      if (this.#rest.length < head + 4) return frames;
      const length = head + this.#rest.readInt32BE(head);
      if (this.#rest.length < length) return frames;
      const whole = this.#rest.subarray(0, length);
      frames.push({ type: whole.toString('latin1', 0, head), bytes: whole, body: whole.subarray(head + 4) });
      this.#rest = this.#rest.subarray(length);
      this.#isTyped = true;
    }
  }
}

/** The texts that follow one another at the beginning of a message, each ended by a zero. */
export function textsOf(body: Buffer, count: number): readonly string[] {
  const texts: string[] = [];
  for (let from = 0; texts.length < count;) {
    const end = body.indexOf(0, from);
    texts.push(body.toString('utf8', from, end));
    from = end + 1;
  }
  return texts;
}

/** What a server said of a statement: how it ended, or the SQLSTATE of what went wrong. */
export interface PgAnswer {
  /** As `SELECT 1`. */
  readonly tag?: string;
  readonly sqlstate?: string;
}

/** The answer in messages up to the server's being ready again. */
export function answerOf(frames: readonly PgFrame[]): PgAnswer {
  const failed = frames.find(({ type }) => type === 'E');
  if (failed !== undefined) {
    const field = failed.body
      .toString('utf8')
      .split('\0')
      .find((text) => text.startsWith('C'));
    return { sqlstate: field?.slice(1) ?? '' };
  }
  const done = frames.findLast(({ type }) => type === 'C');
  return done === undefined ? {} : { tag: textsOf(done.body, 1)[0] ?? '' };
}
