import type { Pool } from 'pg';
import { openDatabase } from '../src/database.ts';
import { KnownIdentity } from '../src/identity/log-identity.ts';
import { Wake } from '../src/log/wake.ts';
import { quoted } from '../src/schema-name.ts';
import { APPEND_PACE, type AppendPace } from '../src/store/append-pace.ts';
import type { AppendQueueLimits } from '../src/store/append-queue.ts';
import { PostgresEventStore } from '../src/store/postgres-event-store.ts';
import { ReplyTrimming } from '../src/store/reply-trimming.ts';
import { storeStatements } from '../src/store/store-statements.ts';
import { WriterSchemas } from '../src/store/writer-schemas.ts';
import { poolerOptions } from './fresh-log.ts';

/** Every append that may share a statement is sent by the one for groups, also when it is the only one. */
export const ALWAYS_SHARED: AppendPace = { ...APPEND_PACE, atOnce: 0, groupsOfOne: true };

/** The store of `postgres({ pool })` at another pace, and what wakes its readers. */
export function sharingStore(
  pool: Pool,
  options: {
    readonly pace?: AppendPace;
    readonly queue?: AppendQueueLimits;
    readonly topic?: (category: string) => string | null;
  } = {},
): { readonly store: PostgresEventStore; readonly wake: Wake } {
  const { pace = ALWAYS_SHARED, queue = { appends: 10_000, bytes: 2 ** 26 }, topic = (category) => category } = options;
  const identity = new KnownIdentity('leftfold');
  const db = openDatabase(pool, 'leftfold', { ...poolerOptions, admit: (session) => identity.admit(session) });
  const wake = new Wake();
  const store = new PostgresEventStore({
    db,
    identity,
    appended: () => wake.signal(),
    topic,
    queue,
    pace,
    schemas: new WriterSchemas(db),
    statements: storeStatements(quoted('leftfold'), 5_000),
    replies: new ReplyTrimming(db),
    maxEvents: 1_000,
  });
  return { store, wake };
}
