import { setTimeout as pause } from 'node:timers/promises';
import { LeftfoldError, streamRef } from '@leftfold/core';
import type {
  AppendOptions,
  AppendOutcome,
  EncodedEvent,
  EventStore,
  Expectation,
  StreamRef,
  StreamVersion,
} from '@leftfold/core';
import type { PostgresEventStore } from '@leftfold/postgres';
import { newEvent, type SeededRandom } from '@leftfold/testing';
import { Client } from 'pg';
import type { Recorder } from '../history/recorder.ts';
import { streamName, TENANTS } from './names.ts';
import { answerOf, planned, type Plan } from './plan.ts';

const HOT_STREAMS = 8;
const REMEMBERED = 40;
const AFTER_FAULT_MS = 50;

/** What all writers of one process share. */
export interface Scene {
  /** Unique, also among processes of the same seed. */
  readonly process: string;
  readonly url: string;
  /** Another database of the same cluster. */
  readonly elsewhere: string;
  readonly store: PostgresEventStore;
  readonly recorder: Recorder;
  /** Where streams stood when somebody last looked. */
  readonly known: Map<string, bigint>;
  /** Calls that were made, to be made again. */
  readonly sent: SentPlan[];
  calls: number;
}

export interface SentPlan {
  readonly plan: Plan;
  /** It was acknowledged. Else nobody knows. */
  readonly isWritten: boolean;
}

/** Stays in a transaction as it is: nothing of the call was written, and the transaction may go on. */
const HARMLESS = ['LF_CONFLICT', 'LF_UNIQUE_KEY_TAKEN', 'LF_EVENT_ID_REUSED'];

/** One that writes, and tells the history all that it does. */
export class Writer {
  readonly scene: Scene;
  readonly random: SeededRandom;
  /** Name of the call it made last. */
  lastCall: string = '';
  #client: Client | undefined;

  constructor(scene: Scene, random: SeededRandom) {
    this.scene = scene;
    this.random = random;
  }

  /** Makes a call, and records it. @returns its outcome; `undefined` when it failed and nothing else is harmed. @throws what ends a transaction */
  async append(
    store: EventStore,
    plan: Plan,
    { tx, signal }: { readonly tx?: string; readonly signal?: AbortSignal } = {},
  ): Promise<AppendOutcome | undefined> {
    const { recorder, process, known } = this.scene;
    const call = `${process}#${++this.scene.calls}`;
    this.lastCall = call;
    recorder.add({ op: 'append', type: 'invoke', call, ...(tx !== undefined && { tx }), ...planned(plan) });
    const options: AppendOptions = {
      ...(plan.reply && {
        reply: {
          ...plan.reply,
          requestHash: plan.reply.key,
          reply: JSON.stringify(plan.reply.text),
          keepMs: 3_600_000,
        },
      }),
      ...(plan.keys && { keys: plan.keys }),
      ...(signal && { signal }),
    };
    try {
      const outcome = await store.append(plan.appends, options);
      recorder.add({ op: 'append', type: 'ok', call, answer: answerOf(outcome, plan) });
      this.#remember(plan, outcome, tx);
      if (outcome.kind === 'conflict') {
        known.set(streamName({ tenant: plan.appends[0]?.stream.tenant ?? '', id: outcome.stream }), outcome.actual);
      }
      return outcome;
    } catch (error) {
      const code = signal?.aborted === true && error === signal.reason ? 'aborted' : codeOf(error);
      const isKnown = code === 'aborted' || (code.startsWith('LF_') && code !== 'LF_OUTCOME_UNKNOWN');
      recorder.add({ op: 'append', type: isKnown ? 'fail' : 'info', call, code });
      if (code === 'LF_OUTCOME_UNKNOWN') this.#keep({ plan, isWritten: false });
      if (tx !== undefined && !HARMLESS.includes(code)) throw error;
      // The others of a burst need not find out one by one.
      if (code === 'LF_STORAGE_UNAVAILABLE') await pause(AFTER_FAULT_MS);
      return undefined;
    }
  }

  /** A transaction of the caller's, which may undo parts of itself. `end` says how it ends. @returns whether it is known to be committed */
  async transaction(
    work: (client: Client, append: (plan: Plan) => Promise<AppendOutcome | undefined>, tx: string) => Promise<void>,
    { begin = 'begin', end = 'commit' }: { readonly begin?: string; readonly end?: 'commit' | 'rollback' } = {},
  ): Promise<boolean> {
    const { recorder, process, store } = this.scene;
    const tx = `${process}!${++this.scene.calls}`;
    const client = await this.connection();
    let isEnding = false;
    try {
      await client.query(begin);
      const within = store.within(client);
      await work(client, (plan) => this.append(within, plan, { tx }), tx);
      isEnding = true;
      const { command } = await client.query(end);
      recorder.add({ op: 'end', type: command === 'COMMIT' ? 'ok' : 'fail', tx });
      return command === 'COMMIT';
    } catch (error) {
      // Before COMMIT was sent nothing can have been committed; afterwards only a refusal of the server's says so.
      const isRolledBack = !isEnding || end === 'rollback' || isRefusal(error);
      recorder.add({ op: 'end', type: isRolledBack ? 'fail' : 'info', tx });
      await this.disconnect();
      return false;
    }
  }

  async connection(): Promise<Client> {
    if (this.#client === undefined) {
      const client = new Client({ connectionString: this.scene.url });
      client.on('error', () => undefined);
      await client.connect();
      this.#client = client;
    }
    return this.#client;
  }
  async disconnect(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => undefined);
  }

  /** An append of a few events to a stream. @param to default: any */
  plan(to: { readonly stream?: StreamRef; readonly expect?: Expectation; readonly events?: number } = {}): Plan {
    const { stream = this.stream(), expect = this.expectation(stream), events = 1 + this.random.below(3) } = to;
    return { appends: [{ stream, expect, events: Array.from({ length: events }, () => this.event()) }] };
  }
  event(): EncodedEvent {
    const event = newEvent();
    return { ...event, payload: JSON.stringify({ what: event.id }) };
  }
  /** Mostly one of a few that everybody writes to; else one that is new, or was a little while ago. */
  stream(tenant: string = this.random.one([TENANTS[0], TENANTS[0], TENANTS[1]])): StreamRef {
    const isHot = this.random.below(6) > 0;
    const key = isHot
      ? `hot-${this.random.below(HOT_STREAMS)}`
      : `new-${(this.scene.calls >> 5) + this.random.below(4)}`;
    return streamRef('chaos.thing', key, tenant);
  }
  /** Where it is believed to stand, or whatever. */
  expectation(stream: StreamRef): Expectation {
    const version = (this.scene.known.get(streamName(stream)) ?? 0n) as StreamVersion;
    const wrong = (version + BigInt(1 + this.random.below(3))) as StreamVersion;
    const exact: Expectation = version === 0n ? 'absent' : version;
    return this.random.one<Expectation>(['any', 'any', 'any', exact, exact, exact, 'present', 'absent', wrong]);
  }

  #remember(plan: Plan, outcome: AppendOutcome, tx: string | undefined): void {
    if (outcome.kind !== 'appended') return;
    const { known } = this.scene;
    for (const [index, { stream }] of plan.appends.entries()) {
      const version = outcome.versions[index];
      if (version !== undefined) known.set(streamName(stream), version);
    }
    if (tx === undefined) this.#keep({ plan, isWritten: true });
  }
  #keep(plan: SentPlan): void {
    const { sent } = this.scene;
    sent.push(plan);
    if (sent.length > REMEMBERED) sent.shift();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof LeftfoldError) return error.code;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return String(code ?? message);
}

/** The server has answered that it did not commit. Goodbyes (57P) come without saying what became of the commit. */
function isRefusal(error: unknown): boolean {
  const { code, severity } = error as { readonly code?: string; readonly severity?: string };
  return severity !== undefined && code?.startsWith('57P') === false;
}
