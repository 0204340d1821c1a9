import { Client } from 'pg';
import { compare } from '../compare.ts';
import { COMMANDS } from '../metric.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import type { Row } from '../result.ts';
import { bareCommands, commandsOnExisting, SNAPSHOT_EVERY, snapshotNote } from '../sides/commands-on-existing.ts';
import { storeLog } from '../stored-log.ts';
import type { Workload } from './workload.ts';

const CASES = {
  quick: [{ eventsEach: 100, streams: 200 }],
  full: [
    { eventsEach: 10, streams: 5_000 },
    { eventsEach: 100, streams: 1_000 },
    { eventsEach: 1_000, streams: 100 },
  ],
};
const WRITERS = 4;

/** W4: a whole command on a stream of 10 to 1,000 events, by four writers, with snapshots and without. */
export const commands: Workload = async (run) => {
  const rows: Row[] = [];
  const shape = { seed: run.seed, payloadBytes: PAYLOAD_BYTES.KIB, events: 1 };
  for (const { eventsEach, streams } of run.quick ? CASES.quick : CASES.full) {
    const log = { streams, eventsEach, payloadBytes: PAYLOAD_BYTES.KIB };
    const template = await storeLog(run, log);
    await storeSnapshots(template, eventsEach);
    const comparison = {
      workload: 'W4',
      name: `${eventsEach.toLocaleString('en')} events`,
      workers: WRITERS,
      ours: [
        { side: commandsOnExisting(shape, log, false) },
        { adds: 'snapshots', side: commandsOnExisting(shape, log, true) },
      ],
      limits: [bareCommands(shape, log)],
      metric: COMMANDS,
      template,
      costs: false,
    } as const;
    rows.push(...(await compare(run, comparison)));
    await run.server.drop(template);
  }
  return rows;
};

/** As they would have been taken, with half of the way to the next one read besides, which is what a load meets on average. */
async function storeSnapshots(url: string, eventsEach: number): Promise<void> {
  const at = eventsEach - SNAPSHOT_EVERY / 2;
  const key = snapshotNote.snapshot?.key;
  if (at <= 0 || key === undefined) return;
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(
    `insert into leftfold.snapshots (tenant, stream_id, key, version, last_event, state)
     select tenant, stream_id, $1, version, event_id, json_build_object('count', version) from leftfold.events where version = $2`,
    [key, at],
  );
  await client.query('vacuum analyze leftfold.snapshots');
  await client.end();
}
