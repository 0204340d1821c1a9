import type { KeptRow, RowChange, RowKey, RowTable } from '@leftfold/subscriptions';

/** Rows as a piece of work asks for them. They come when all others that are under way have asked, too. */
export interface RowsAsked {
  read(table: RowTable, keys: readonly RowKey[]): Promise<readonly KeptRow[]>;
  write(table: RowTable, changes: readonly RowChange[]): Promise<void>;
}

/** What one piece asks for. `piece`: which of them. */
export type Ask = { readonly piece: number; readonly table: RowTable } & (
  | { readonly keys: readonly RowKey[] }
  | { readonly changes: readonly RowChange[] }
);
/** The rows that were read, none for a write; or what this piece is refused with. */
export type Answer = { readonly rows: readonly KeptRow[] } | { readonly error: unknown };
/** Asks for all of these at once, reads or writes, and answers them in their order. Rejects when that fails as a whole. */
export type AskTogether = (asks: readonly Ask[]) => Promise<readonly Answer[]>;

/** Other pieces end by it, when one has failed. */
class Abandoned extends Error {}
const abandoned = (): Abandoned => new Abandoned('another piece of work has failed');

/**
 * Does several pieces of work of one transaction side by side, as far as they read and write rows: each runs until it asks for rows; when all of them have, or have ended, all
 * that they ask for is asked for at once, and they go on. Only one runs at a time, so whatever else a piece does with the transaction nobody comes in between. What
 * is to be read is asked for before anything is written.
 *
 * The technique is that of batching loaders, as DataLoader's, with turns in place of ticks.
 * @throws what the first piece that fails throws, when the others have ended; what `together` throws
 */
export async function doMerged(
  pieces: readonly ((rows: RowsAsked) => Promise<void>)[],
  together: AskTogether,
  failed: (index: number, error: unknown) => Error,
): Promise<void> {
  const running = pieces.map((_, piece) => new Piece(piece));
  const end = async (error: unknown): Promise<never> => {
    for (const piece of running) await piece.abandon();
    throw error;
  };
  const went = async (index: number, turn: Promise<void>): Promise<void> => {
    await turn;
    const failure = running[index]?.failure;
    if (failure) await end(failed(index, failure.error));
  };
  for (const [index, work] of pieces.entries()) await went(index, (running[index] as Piece).begin(work));
  for (;;) {
    const waiting = running.filter(({ asks }) => asks.length > 0);
    if (waiting.length === 0) return;
    const readers = waiting.filter(({ asks }) => asks.some((ask) => 'keys' in ask));
    const turn = readers.length > 0 ? readers : waiting;
    const answers = [...(await together(turn.flatMap(({ asks }) => asks)).catch(end))];
    for (const piece of turn) await went(running.indexOf(piece), piece.goOn(answers.splice(0, piece.asks.length)));
  }
}

/** One piece of work between its turns. */
class Piece {
  /** What it waits for. */
  asks: readonly Ask[] = [];
  failure: { readonly error: unknown } | undefined;
  readonly #piece: number;
  #isAbandoned = false;
  #answers: readonly PromiseWithResolvers<readonly KeptRow[]>[] = [];
  #ended: Promise<void> = Promise.resolve();
  #turn: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(piece: number) {
    this.#piece = piece;
  }

  /** Resolves when it asks for rows, or has ended. */
  begin(work: (rows: RowsAsked) => Promise<void>): Promise<void> {
    const rows: RowsAsked = {
      read: (table, keys) => this.#ask({ piece: this.#piece, table, keys }),
      write: async (table, changes) => void (await this.#ask({ piece: this.#piece, table, changes })),
    };
    this.#ended = work(rows)
      // What nobody has awaited belongs to it, too, and so does its failure.
      .then(() => Promise.all(this.#answers.map(({ promise }) => promise)))
      .then(() => undefined)
      .catch((error: unknown) => {
        this.failure = { error };
      })
      .finally(() => this.#turn.resolve());
    return this.#turn.promise;
  }

  /** What it asked for has been answered. Resolves as {@link begin}. */
  goOn(answers: readonly Answer[]): Promise<void> {
    const waiting = this.#answers;
    [this.asks, this.#answers, this.#turn] = [[], [], Promise.withResolvers()];
    for (const [nth, answer] of answers.entries()) {
      if ('error' in answer) waiting[nth]?.reject(answer.error);
      else waiting[nth]?.resolve(answer.rows);
    }
    return this.#turn.promise;
  }

  /** Ends it where it stands; what it asks for after that is refused, too. */
  async abandon(): Promise<void> {
    this.#isAbandoned = true;
    for (const answer of this.#answers) answer.reject(abandoned());
    [this.asks, this.#answers] = [[], []];
    await this.#ended;
  }

  #ask(ask: Ask): Promise<readonly KeptRow[]> {
    if (this.#isAbandoned) return Promise.reject(abandoned());
    const answer = Promise.withResolvers<readonly KeptRow[]>();
    this.asks = [...this.asks, ask];
    this.#answers = [...this.#answers, answer];
    this.#turn.resolve();
    return answer.promise;
  }
}
