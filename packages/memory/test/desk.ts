import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type { AnyEventType, EventId, NewEvent, ReadToken } from '@leftfold/core';
import type { MemoryStorage } from '@leftfold/memory';
import { projection } from '@leftfold/subscriptions';
import type { FoldedProjection, Progress, ProgressQuestion, Row, Running, Storage } from '@leftfold/subscriptions';
import { onTestFinished } from 'vitest';

export const noted = event('desk.note.noted', { text: t.string() });
export const hidden = event('desk.note.hidden', { text: t.string() }, { private: true });
export const other = event('desk.note.coloured', { colour: t.string() });

export const notes = projection('notes', { version: 1, key: 'id', row: { id: t.string(), text: t.string() } }).upsert(
  noted,
  (_, { data, stream }) => ({ id: stream.key, text: data.text }),
);
export const secrets = projection('secrets', {
  version: 1,
  key: 'id',
  row: { id: t.string(), text: t.string() },
}).upsert(hidden, (_, { data, stream }) => ({ id: stream.key, text: data.text }));

const encoded = (type: AnyEventType, of: NewEvent) =>
  encodeEvent(type, of, uuidV7() as EventId, { correlationId: 'test' });
/** Appends to a stream, or, with several keys, to several at once. */
export async function write(
  { store }: Storage,
  keys: string | readonly string[],
  ...events: readonly NewEvent[]
): Promise<ReadToken> {
  const types = new Map<string, AnyEventType>([noted, hidden, other].map((type) => [type.type, type]));
  const outcome = await store.append(
    [keys].flat().map((key) => ({
      stream: streamRef('desk.note', key),
      expect: 'any',
      events: events.map((one) => encoded(types.get(one.type) as AnyEventType, one)),
    })),
  );
  if (outcome.kind !== 'appended') throw new Error(outcome.kind);
  return outcome.token;
}
export const stopped = (running: Running): Running => {
  onTestFinished(() => running.stop());
  return running;
};
/** The same storage as another process has it: it does not hear of what happens here. */
export function elsewhere(storage: MemoryStorage): MemoryStorage {
  const { checkpoints, progress } = storage;
  return {
    ...storage,
    checkpoints: Object.assign(Object.create(checkpoints) as typeof checkpoints, {
      claim: checkpoints.claim.bind(checkpoints),
      renew: checkpoints.renew.bind(checkpoints),
      leave: checkpoints.leave.bind(checkpoints),
      save: checkpoints.save.bind(checkpoints),
      release: checkpoints.release.bind(checkpoints),
      list: checkpoints.list.bind(checkpoints),
    }),
    progress: {
      look: progress.look.bind(progress),
      laneBeyond: progress.laneBeyond.bind(progress),
      parked: progress.parked.bind(progress),
    },
  };
}
/** Keeps account of what is asked. */
export function counted(storage: MemoryStorage): {
  readonly storage: MemoryStorage;
  readonly looks: ProgressQuestion[];
} {
  const looks: ProgressQuestion[] = [];
  const { progress } = storage;
  const counting: Progress = {
    look: (question) => {
      looks.push(question);
      return progress.look(question);
    },
    laneBeyond: progress.laneBeyond.bind(progress),
    parked: progress.parked.bind(progress),
  };
  return { storage: { ...storage, progress: counting }, looks };
}
export const rowsOf = ({ readModels }: MemoryStorage, { rowTable }: FoldedProjection): readonly Row[] =>
  readModels.reader([rowTable]).all(rowTable.name);
