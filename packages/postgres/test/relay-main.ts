// A relay in a process of its own, which can be frozen and killed. Its topic is the table `sent`, beside its log; what it saves, or fails to save, is noted in `moves`.
import { jsonCodec, parseRecord, relay, type Broker, type Checkpoints, type Publisher } from '@leftfold/subscriptions';
import { postgres } from '@leftfold/postgres';
import { Pool } from 'pg';

/** What it is started with. */
export interface RelayStart {
  readonly url: string;
  readonly owner: string;
  readonly lanes: number;
  readonly leaseMs: number;
}
/** Partitions of every topic: as many as the most lanes. */
const PARTITIONS = 16;

const { url, owner, lanes, leaseMs } = JSON.parse(process.argv[2] ?? '{}') as RelayStart;
const pool = new Pool({ connectionString: url, max: 6 });
const notes = new Pool({ connectionString: url, max: 4 });
for (const each of [pool, notes]) each.on('error', () => undefined);
const storage = postgres({ pool, lanes });

const save: Checkpoints['save'] = async (claim, move) => {
  const note = async (isSaved: boolean): Promise<void> => {
    const values = [claim.lane, move.from, move.to, claim.epoch.toString(), owner, isSaved];
    await notes.query(
      'insert into moves (lane, cursor, moved_to, epoch, owner, is_saved) values ($1, $2, $3, $4, $5, $6)',
      values,
    );
  };
  try {
    await storage.checkpoints.save(claim, move);
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'LF_LANE_LOST') await note(false);
    throw error;
  }
  await note(true);
};
const checkpoints: Checkpoints = { ...storage.checkpoints, save };

const publisher: Publisher = {
  partitions: async () => PARTITIONS,
  publish: async (records) => {
    const rows = records.map((record) => {
      const { stamp, envelope } = parseRecord(record);
      return { partition: record.partition, sequence: stamp.sequence, event: envelope.id, owner };
    });
    await notes.query(
      `insert into sent (partition, sequence, event, owner)
       select partition, sequence, event, owner from json_to_recordset($1::json) as r(partition int, sequence bigint, event text, owner text)`,
      [JSON.stringify(rows)],
    );
    const partitions = new Map(records.map(({ topic, partition }) => [partition, topic]));
    return [...partitions].map(([partition, topic]) => ({ topic, partition, kind: 'written' }));
  },
  close: async () => undefined,
};
const to: Broker = {
  source: storage.log,
  publisher: async () => publisher,
  codec: jsonCodec(),
  description: 'a table',
};

const running = await relay({ storage: { ...storage, checkpoints }, to, service: 'spread', owner, leaseMs });
process.once('SIGTERM', () => {
  void running.stop().then(async () => {
    await Promise.all([pool.end(), notes.end()]);
    process.disconnect?.();
  });
});
process.send?.('ready');
