import type { EventId, EventStore, Expectation, StreamRef, StreamVersion } from '@leftfold/core';
import type { Cursor, Log, LogRecord } from '@leftfold/subscriptions';
import { newEvents, newStream } from '@leftfold/testing';
import fc from 'fast-check';
import type { Client } from 'pg';
import { readToEnd } from './read-to-end.ts';

/** How an append meets its stream: by a word, at the version it has, or that many beyond. */
type Aim = 'any' | 'absent' | 'present' | number;
/** One step of a program. Who has no transaction for it, or would have to wait for another one, leaves it out. */
export type Step =
  | {
      readonly does: 'begin' | 'take an id' | 'savepoint' | 'roll back to it' | 'commit' | 'roll back' | 'prepare';
      readonly who: number;
    }
  | {
      readonly does: 'append';
      readonly who: number;
      readonly stream: number;
      readonly aim: Aim;
      readonly events: number;
    }
  | { readonly does: 'append alone'; readonly stream: number; readonly aim: Aim; readonly events: number }
  | { readonly does: 'end prepared'; readonly kept: boolean }
  | { readonly does: 'use up ids'; readonly count: number }
  | { readonly does: 'read' | 'fall back'; readonly reader: number };

const WRITERS = 3;
const STREAMS = 4;
const READERS = 2;
const who = fc.nat(WRITERS - 1);
const append = {
  stream: fc.nat(STREAMS - 1),
  aim: fc.constantFrom<Aim>('any', 'any', 'any', 'absent', 'present', 0, 0, 1),
  events: fc.integer({ min: 1, max: 3 }),
};
const of = <D extends Step['does']>(...does: D[]) => fc.constantFrom(...does);

/** Appends and reads come more often than the rest. */
export const program: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ does: of('append'), who, ...append }) },
    { weight: 5, arbitrary: fc.record({ does: of('append alone'), ...append }) },
    { weight: 4, arbitrary: fc.record({ does: of('read'), reader: fc.nat(READERS - 1) }) },
    { weight: 1, arbitrary: fc.record({ does: of('fall back'), reader: fc.nat(READERS - 1) }) },
    { weight: 3, arbitrary: fc.record({ does: of('begin', 'take an id'), who }) },
    { weight: 3, arbitrary: fc.record({ does: of('commit', 'commit', 'roll back', 'prepare'), who }) },
    { weight: 2, arbitrary: fc.record({ does: of('savepoint', 'roll back to it'), who }) },
    { weight: 1, arbitrary: fc.record({ does: of('end prepared'), kept: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ does: of('use up ids'), count: fc.integer({ min: 1, max: 5 }) }) },
  ),
  { minLength: 4, maxLength: 40, size: 'max' },
) as fc.Arbitrary<readonly Step[]>;

/** What a transaction has appended so far, and which streams it holds. */
interface Open {
  pending: { readonly stream: number; readonly ids: readonly EventId[] }[];
  held: Set<number>;
  readonly savepoints: { readonly pending: number; readonly held: ReadonlySet<number> }[];
}
interface Reader {
  cursor: Cursor | 'start';
  got: LogRecord[];
  saved: { readonly cursor: Cursor | 'start'; readonly count: number };
}
/** Where a program runs: as many clients as it has writers, one more for itself, and a log that nobody else uses. */
export interface Place {
  readonly clients: readonly Client[];
  readonly control: Client;
  readonly store: EventStore & { within(client: Client): EventStore };
  /** The same log, once for each reader. */
  readonly logs: readonly Log[];
  readonly start: Cursor;
}

/** Runs a program step by step beside a model of the log, and throws at the first difference. */
export class ProgramRun {
  readonly #place: Place;
  readonly #streams: readonly StreamRef[] = Array.from({ length: STREAMS }, () => newStream());
  readonly #committed: EventId[][] = Array.from({ length: STREAMS }, () => []);
  readonly #open = new Map<number, Open>();
  readonly #prepared = new Map<string, Open>();
  readonly #readers: readonly Reader[];
  #names = 0;

  constructor(place: Place) {
    this.#place = place;
    const { start } = place;
    this.#readers = place.logs.map(() => ({ cursor: start, got: [], saved: { cursor: start, count: 0 } }));
  }

  async run(steps: readonly Step[]): Promise<void> {
    try {
      for (const step of steps) await this.#take(step);
    } finally {
      for (const each of this.#open.keys()) await this.#place.clients[each]?.query('rollback');
      for (const name of this.#prepared.keys()) await this.#place.control.query(`rollback prepared '${name}'`);
    }
    for (const reader of this.#readers.keys()) await this.#read(reader);
  }

  async #take(step: Step): Promise<void> {
    switch (step.does) {
      case 'append alone':
        return this.#append(undefined, step.stream, step.aim, step.events);
      case 'end prepared':
        return this.#endPrepared(step.kept);
      case 'use up ids':
        for (let i = 0; i < step.count; i++) await this.#place.control.query('select pg_current_xact_id()');
        return;
      case 'read':
        return this.#read(step.reader);
      case 'fall back':
        return this.#fallBack(step.reader);
      case 'append':
      case 'begin':
      case 'take an id':
      case 'commit':
      case 'roll back':
      case 'prepare':
      case 'savepoint':
      case 'roll back to it':
        return this.#inTransaction(step);
    }
  }

  async #inTransaction(step: Extract<Step, { readonly who: number }>): Promise<void> {
    const client = this.#place.clients[step.who] as Client;
    const open = this.#open.get(step.who);
    if (step.does === 'begin') {
      if (open !== undefined) return;
      await client.query('begin');
      this.#open.set(step.who, { pending: [], held: new Set(), savepoints: [] });
      return;
    }
    if (open === undefined) return;
    switch (step.does) {
      case 'take an id':
        return void (await client.query('select pg_current_xact_id()'));
      case 'append':
        return this.#append(step.who, step.stream, step.aim, step.events);
      case 'savepoint':
        await client.query('savepoint s');
        open.savepoints.push({ pending: open.pending.length, held: new Set(open.held) });
        return;
      case 'roll back to it': {
        const mark = open.savepoints.at(-1);
        if (mark === undefined) return;
        await client.query('rollback to savepoint s');
        open.pending.length = mark.pending;
        open.held = new Set(mark.held);
        return;
      }
      case 'prepare': {
        const name = `program ${this.#streams[0]?.id} ${this.#names++}`;
        await client.query(`prepare transaction '${name}'`);
        this.#prepared.set(name, open);
        break;
      }
      case 'commit':
        await client.query('commit');
        this.#keep(open);
        break;
      case 'roll back':
        await client.query('rollback');
    }
    this.#open.delete(step.who);
  }

  async #endPrepared(isKept: boolean): Promise<void> {
    const [first] = this.#prepared;
    if (first === undefined) return;
    const [name, open] = first;
    await this.#place.control.query(`${isKept ? 'commit' : 'rollback'} prepared '${name}'`);
    this.#prepared.delete(name);
    if (isKept) this.#keep(open);
  }

  async #append(writer: number | undefined, stream: number, aim: Aim, count: number): Promise<void> {
    const own = writer === undefined ? undefined : this.#open.get(writer);
    const others = [...this.#open.values(), ...this.#prepared.values()].filter((open) => open !== own);
    if (others.some(({ held }) => held.has(stream))) return;
    const before = BigInt(this.#idsOf(stream, own).length);
    const expect: Expectation = typeof aim === 'number' ? ((before + BigInt(aim)) as StreamVersion) : aim;
    const isMet =
      aim === 'any' || aim === 0 || (aim === 'absent' && before === 0n) || (aim === 'present' && before > 0n);
    const events = newEvents(count);
    const { clients, store } = this.#place;
    const through = writer === undefined ? store : store.within(clients[writer] as Client);
    own?.held.add(stream);
    const ref = this.#streams[stream] as StreamRef;
    const told = await through.append([{ stream: ref, expect, events }]).then(
      (outcome) => ('versions' in outcome ? `${outcome.kind} ${outcome.versions.join()}` : outcome.kind),
      (error: unknown) =>
        (error as { readonly code?: string }).code === 'LF_CONFLICT' ? 'conflict' : (error as Error).message,
    );
    const right = isMet ? `appended ${before + BigInt(count)}` : 'conflict';
    if (told !== right)
      throw new Error(`an append that expects ${expect} at ${before} is told '${told}', not '${right}'`);
    if (!isMet) return;
    const ids = events.map(({ id }) => id);
    if (own === undefined) this.#committed[stream]?.push(...ids);
    else own.pending.push({ stream, ids });
  }

  #idsOf(stream: number, own: Open | undefined): readonly EventId[] {
    const pending = own?.pending.filter((each) => each.stream === stream) ?? [];
    return [...(this.#committed[stream] ?? []), ...pending.flatMap(({ ids }) => ids)];
  }
  #keep({ pending }: Open): void {
    for (const { stream, ids } of pending) this.#committed[stream]?.push(...ids);
  }

  /** To the end, in batches of the log's size; then it has everything, once, and in order. */
  async #read(index: number): Promise<void> {
    const reader = this.#readers[index] as Reader;
    const { records, cursor } = await readToEnd(this.#place.logs[index] as Log, reader.cursor);
    reader.got.push(...records);
    reader.cursor = cursor;
    for (const [stream, ids] of this.#committed.entries()) {
      const got = reader.got.filter((record) => record.stream === this.#streams[stream]?.id);
      const right = ids.map((id, nth) => `${nth + 1} ${id}`).join(', ');
      const read = got.map(({ id, streamVersion }) => `${streamVersion} ${id}`).join(', ');
      if (read !== right) throw new Error(`reader ${index} has got of stream ${stream}: ${read}; there is: ${right}`);
    }
    const strangers = reader.got.length - this.#committed.flat().length;
    if (strangers !== 0) throw new Error(`reader ${index} has got ${strangers} events of nobody`);
    if (reader.got.length % 2 === 0) reader.saved = { cursor, count: reader.got.length };
  }
  /** Forgets what it has got since it last saved its place. */
  #fallBack(index: number): void {
    const reader = this.#readers[index] as Reader;
    reader.cursor = reader.saved.cursor;
    reader.got.length = reader.saved.count;
  }
}
