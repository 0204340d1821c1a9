import type { Json } from '@leftfold/core';
import type {
  Checkpoint,
  Cursor,
  FollowerId,
  Lane,
  LookedUpTransaction,
  Progress,
  ProgressLook,
  ProgressQuestion,
} from '@leftfold/subscriptions';
import { arrayParameter } from '../column-types.ts';
import type { Database, Session } from '../database.ts';
import { GenerationMoved } from '../identity/identity-errors.ts';
import type { KnownIdentity } from '../identity/log-identity.ts';
import { laneOfHash, type LaneClass } from '../log/lane-class.ts';
import { parseCursor } from '../log/log-place.ts';
import { isVisible, parseSnapshot, type Snapshot } from '../log/snapshot.ts';
import { progressStatements } from './progress-statements.ts';

/** Of one transaction so many events are looked at; of one with more all are taken to concern everybody. */
const MOST_EVENTS = 1_000;

interface LookRow {
  readonly snapshot: string;
  readonly generation: number | null;
  readonly log: string;
  readonly lanes: string;
  readonly parking: string;
  readonly transactions: string;
}
type LaneCell = readonly [n: number, lane: Lane, cursor: Cursor | 'start', epoch: string, ledger: Json, owner: string];
type Kind = readonly [type: string, hash: number, topic: string | null];
type TransactionCell = readonly [xid: string, isOver: boolean, visited: number, kinds: readonly Kind[] | null];
interface SeenLane {
  readonly lane: Lane;
  readonly log: string;
  readonly of: LaneClass;
  readonly seen: Snapshot;
}

/** {@link Progress} in the log's schema. @param identity of the log, as the process knows it */
export function postgresProgress(db: Database, identity: KnownIdentity): Progress {
  const statements = progressStatements(db.schema);
  /** A follower's places are asked about for each who waits; the texts are read once. */
  const parsed = new WeakMap<object, readonly SeenLane[]>();

  const ask = async (session: Session, { followers, transactions }: ProgressQuestion): Promise<LookRow> => {
    const [row] = await session.query<LookRow>(statements.look, [
      arrayParameter(followers.map(({ name }) => name)),
      arrayParameter(followers.map(({ version }) => version)),
      arrayParameter(transactions),
      MOST_EVENTS + 1,
    ]);
    if (row === undefined) throw new RangeError('Postgres answered no row where there is always one');
    return row;
  };

  return {
    look: (question) =>
      db.session(async (session) => {
        await identity.get(session);
        let row = await ask(session, question);
        if (row.generation !== identity.generation) {
          // The log has gone on, here or elsewhere: what that means for it is decided by whoever asks for its identity.
          await identity.ask(session);
          row = await ask(session, question);
        }
        if (row.generation === null) throw new GenerationMoved(identity.generation);
        return lookOf(question, row, row.generation);
      }),

    laneBeyond(places, { log, transaction, hash }) {
      const known = parsed.get(places) ?? [...places].flatMap(seenLane);
      parsed.set(places, known);
      const name = `${log.id}/${log.generation}`;
      return known.find(
        (one) => one.log === name && laneOfHash(hash, one.of.of) === one.of.lane && isVisible(one.seen, transaction),
      )?.lane;
    },

    async parked({ name, version }, transactions) {
      const values = [name, version, arrayParameter(transactions)];
      const rows = await db.query<{ readonly xid: string }>(statements.parked, values);
      return new Set(rows.map(({ xid }) => BigInt(xid)));
    },
  };
}

function lookOf({ followers }: ProgressQuestion, row: LookRow, generation: number): ProgressLook {
  const lanes = Map.groupBy(JSON.parse(row.lanes) as readonly LaneCell[], ([n]) => n);
  const parking = new Set(JSON.parse(row.parking) as readonly number[]);
  const transactions = JSON.parse(row.transactions) as readonly TransactionCell[];
  return {
    log: { id: row.log, generation },
    next: parseSnapshot(row.snapshot)?.xmax ?? 0n,
    followers: followers.map((id: FollowerId, index) => ({
      id,
      lanes: (lanes.get(index + 1) ?? []).map(checkpointOf),
      isParking: parking.has(index + 1),
    })),
    transactions: new Map(transactions.map((cell) => [BigInt(cell[0]), transactionOf(cell)])),
  };
}

const checkpointOf = ([, lane, cursor, epoch, ledger, owner]: LaneCell): Checkpoint => ({
  lane,
  cursor,
  epoch: BigInt(epoch),
  ledger,
  owner,
});

function transactionOf([, isOver, visited, kinds]: TransactionCell): LookedUpTransaction {
  const events = (kinds ?? []).map(([type, hash, topic]) => ({ type, hash, topic }));
  return { isOver, events: visited > MOST_EVENTS ? undefined : events };
}

/**
 * What a place has seen as a whole: its first boundary. Within a window it is some positions further, and positions say nothing of a transaction (hazard C14): one that the window
 * holds counts when the window is done.
 */
function seenLane([lane, cursor]: readonly [Lane, Cursor | 'start']): readonly SeenLane[] {
  if (cursor === 'start') return [];
  try {
    const { log, lane: of, place } = parseCursor(cursor);
    return [{ lane, log, of, seen: place.from }];
  } catch {
    // Whoever would read on from there is told so; of what it has seen nothing is known.
    return [];
  }
}
