import type { AppendShape } from '../append-shape.ts';
import { compare } from '../compare.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import type { Row } from '../result.ts';
import type { Run } from '../run.ts';
import { copyInsert, unnestInsert } from '../sides/bulk-insert.ts';
import { bareExisting, leftfoldExisting } from '../sides/existing-streams.ts';
import type { Side } from '../sides/side.ts';
import { storeLog } from '../stored-log.ts';
import type { Workload } from './workload.ts';

const EVENTS = { quick: [1, 100], full: [1, 5, 10, 100] };
const WRITERS = 16;
const EXISTING = { streams: 10_000, version: 1 };
/** From where on the limit of bulk inserts is shown, too. */
const BULK = 100;

/** W2: 1 to 100 events to one of 10,000 existing streams, drawn by Zipf, with its exact version. */
export const existingStreams: Workload = async (run) => {
  const rows: Row[] = [];
  const log = { streams: EXISTING.streams, eventsEach: EXISTING.version, payloadBytes: PAYLOAD_BYTES.KIB };
  const template = await storeLog(run, log);
  for (const events of run.quick ? EVENTS.quick : EVENTS.full) {
    const shape = { seed: run.seed, payloadBytes: PAYLOAD_BYTES.KIB, events };
    const comparison = {
      workload: 'W2',
      name: `n=${events}`,
      workers: WRITERS,
      ours: [{ side: leftfoldExisting(shape, EXISTING) }],
      limits: [bareExisting(shape, EXISTING), ...bulk(run, shape)],
      template,
    } as const;
    rows.push(...(await compare(run, comparison)));
  }
  await run.server.drop(template);
  return rows;
};

function bulk(run: Run, shape: AppendShape): readonly Side[] {
  if (shape.events < BULK) return [];
  return run.quick ? [unnestInsert(shape)] : [unnestInsert(shape), copyInsert(shape)];
}
