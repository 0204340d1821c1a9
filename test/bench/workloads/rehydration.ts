import { compare } from '../compare.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import type { Row } from '../result.ts';
import { bareReads, leftfoldLoads } from '../sides/rehydration.ts';
import { storeLog } from '../stored-log.ts';
import type { Workload } from './workload.ts';

const LENGTHS = { quick: [10, 1_000], full: [10, 100, 1_000, 10_000] };
/** All lengths read the same number of events, so that each fits into the memory of the server alike. */
const EVENTS = { quick: 10_000, full: 50_000 };
const READERS = 4;

/** W5: loading aggregates of 10 to 10,000 events, by four readers of one process. */
export const rehydration: Workload = async (run) => {
  const rows: Row[] = [];
  for (const eventsEach of run.quick ? LENGTHS.quick : LENGTHS.full) {
    const events = run.quick ? EVENTS.quick : EVENTS.full;
    const log = { streams: events / eventsEach, eventsEach, payloadBytes: PAYLOAD_BYTES.KIB };
    const template = await storeLog(run, log);
    const comparison = {
      workload: 'W5',
      name: `${eventsEach.toLocaleString('en')} events`,
      workers: READERS,
      ours: [{ side: leftfoldLoads(log) }],
      limits: [bareReads(log)],
      template,
      costs: false,
    } as const;
    rows.push(...(await compare(run, comparison)));
    await run.server.drop(template);
  }
  return rows;
};
