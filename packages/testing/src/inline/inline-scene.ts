import { encodeEvent, event, streamRef, t, uuidV7 } from '@leftfold/core';
import type {
  AnyEventType,
  AppendOptions,
  AppendOutcome,
  EventId,
  NewEvent,
  StreamAppend,
  StreamRef,
} from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';
import type { AnyProjection, FoldedProjection, Row, Storage } from '@leftfold/subscriptions';
import { newOwner } from '../read-models/model-scene.ts';

/** A storage whose appends apply these projections. */
export type OpenInline = (inline: readonly AnyProjection[]) => Storage | Promise<Storage>;

/** What a case has before it. */
export interface InlineScene {
  readonly storage: Storage;
  readonly stream: (account: string) => StreamRef;
  readonly to: (account: string, events: readonly NewEvent[], expect?: StreamAppend['expect']) => StreamAppend;
  /** What a table holds of these keys: rows, or `null`. */
  readonly rows: (of: FoldedProjection, ...keys: readonly string[]) => Promise<readonly (Row | null)[]>;
  /** Fed by each account's own stream. */
  readonly accounts: FoldedProjection;
  /** Fed by the accounts of an owner. */
  readonly owners: FoldedProjection;
  readonly opened: (owner?: string) => NewEvent;
  readonly moved: (cents: number, owner?: string) => NewEvent;
  readonly closed: () => NewEvent;
  readonly seen: () => NewEvent;
  readonly append: (appends: readonly StreamAppend[], options?: AppendOptions) => Promise<AppendOutcome['kind']>;
}

/** Events and read models that nobody has used before, on one log. */
export async function inlineScene(open: OpenInline): Promise<InlineScene> {
  const unique = uuidV7().replaceAll('-', '').slice(-12);
  const category = `inline${unique}.account`;
  const opened = event(`${category}.opened`, { owner: t.string() });
  const moved = event(`${category}.moved`, { owner: t.string(), cents: t.integer() });
  const closed = event(`${category}.closed`, {});
  const seen = event(`${category}.seen`, {});
  const types: readonly AnyEventType[] = [opened, moved, closed, seen];
  const accounts = projection(`accounts-${unique}`, {
    version: 1,
    key: 'id',
    row: { id: t.string(), lines: t.string() },
  })
    .insert(opened, ({ stream }) => ({ id: stream.key, lines: 'opened' }))
    .update(moved, (row, { data }) => ({ lines: `${row.lines} ${data.cents}` }))
    .delete(closed);
  const owners = projection(`owners-${unique}`, {
    version: 1,
    key: 'owner',
    row: { owner: t.string(), cents: t.integer() },
    order: 'any',
  })
    .upsert(opened, { by: 'owner' }, (row, { data: { owner } }) => row ?? { owner, cents: 0 })
    .upsert(moved, { by: 'owner' }, (row, { data: { owner, cents } }) => ({ owner, cents: (row?.cents ?? 0) + cents }));
  const storage = await open([owners, accounts]);

  const stream = (account: string) => streamRef(category, account);
  const to = (account: string, events: readonly NewEvent[], expect: StreamAppend['expect'] = 'any'): StreamAppend => ({
    stream: stream(account),
    expect,
    events: events.map((of) => {
      const type = types.find((one) => one.type === of.type);
      if (type === undefined) throw new Error(`${of.type} is none of this scene`);
      return encodeEvent(type, of, uuidV7() as EventId, { correlationId: 'test' });
    }),
  });
  const rows = async ({ rowTable }: FoldedProjection, ...keys: readonly string[]): Promise<readonly (Row | null)[]> => {
    const owner = await newOwner(storage);
    return (await owner.read(rowTable, ...keys)).map(({ row }) => row && { ...row });
  };
  return {
    storage,
    stream,
    to,
    rows,
    accounts,
    owners,
    opened: (owner = 'ann') => opened({ owner }),
    moved: (cents: number, owner = 'ann') => moved({ owner, cents }),
    closed: () => closed({}),
    seen: () => seen({}),
    append: async (appends: readonly StreamAppend[], options?: AppendOptions): Promise<AppendOutcome['kind']> =>
      (await storage.store.append(appends, options)).kind,
  };
}
